"""Texts of figures about metrics and runs: titles, headings, and the facts under the pointer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core.figures.text import Translate, captioned, escaped, sentence, wrapped
from core.metrics.groups import Setting
from core.metrics.metric import Metric
from core.metrics.significance import Summary
from core.runs.records import RunRecord

NOTHING = "No finished runs to show yet."


def value_axis(metric: Metric, translate: Translate, caption: str = "") -> dict[str, Any]:
    """An axis of the metric's values, with a caption; that of shares ends at 0 and 100 %."""
    title = {"text": captioned(axis_title(metric, translate), caption)}
    ticks = ".1~%" if metric.is_share else ".3~f"
    limits = {"clipmin": -0.01, "clipmax": 1.01} if metric.is_share else {}
    return {"title": title, "autorangeoptions": limits, "tickformat": ticks}


def axis_title(metric: Metric, translate: Translate) -> str:
    """The metric's title, and that lower is better where it is."""
    title = escaped(metric.titled(translate))
    if metric.higher_is_better:
        return title
    return sentence(translate, "{metric} (lower is better)", metric=title)


def differing_fields(settings: Iterable[Setting]) -> frozenset[str]:
    """The fields, other than method and pattern, in which settings differ.

    Shots are compared among methods with training examples, words among settings of one pattern.
    """
    given = list(settings)
    fields = {name for name in ("task", "model")
              if _differ(getattr(setting, name) for setting in given)}
    if _differ(setting.shots for setting in given if setting.shots):
        fields.add("shots")
    patterns = {setting.pattern for setting in given}
    if len({(setting.pattern, setting.words) for setting in given}) > len(patterns):
        fields.add("words")
    return frozenset(fields)


def _differ(values: Iterable[object]) -> bool:
    return len(set(values)) > 1


def conditions(setting: Setting, fields: frozenset[str], translate: Translate) -> list[str]:
    """A text for each of the given fields of a setting that is not empty."""
    shots = translate("no training examples")
    if setting.shots:
        shots = sentence(translate, "K = {shots}", shots=setting.shots)
    texts = {
        "words": wrapped(setting.words, 46, 1), "shots": shots,
        "task": wrapped(setting.task, 40, 1), "model": wrapped(setting.model, 40, 1),
    }
    return [text for name, text in texts.items() if name in fields and text]


def pattern_text(setting: Setting, translate: Translate, width: int = 46, lines: int = 2) -> str:
    """The pattern, wrapped, or that there is none."""
    return wrapped(setting.pattern, width, lines) or translate("(no pattern)")


def heading(setting: Setting, fields: frozenset[str], translate: Translate) -> str:
    """The pattern and, on a line of its own, the given fields."""
    below = " · ".join(conditions(setting, fields, translate))
    return "<br>".join(filter(None, (pattern_text(setting, translate), below)))


def series_name(setting: Setting, fields: frozenset[str], translate: Translate) -> str:
    """The method and the given fields."""
    return " · ".join([escaped(setting.method), *conditions(setting, fields, translate)])


def summary_facts(summary: Summary, metric: Metric, translate: Translate) -> str:
    """Mean, standard deviation and interval of several runs, or the value of one."""
    value = metric.shown(summary.mean)
    if summary.sd is None or summary.low is None or summary.high is None:
        return sentence(translate, "{value}, one run", value=value)
    mean = sentence(translate, "mean {mean} of {n} runs", mean=value, n=summary.n)
    low, high = (metric.shown(metric.within(end)) for end in (summary.low, summary.high))
    spread = sentence(translate, "sd {sd}, 95% interval {low} to {high}",
                      sd=metric.spread(summary.sd), low=low, high=high)
    return f"{mean}<br>{spread}"


def run_facts(record: RunRecord, metric: Metric, translate: Translate) -> str:
    """Everything about a run, for the pointer."""
    value = metric.shown(record.metrics[metric.name])
    lines = [
        f"<b>{escaped(record.method)}</b>  {value}", _interval(record, metric, translate),
        wrapped(record.pattern, 60, 8), wrapped(record.words, 60, 4),
        _shots_and_seed(record, translate), _origin(record, translate),
    ]
    return "<br>".join(filter(None, lines))


def _interval(record: RunRecord, metric: Metric, translate: Translate) -> str:
    """The interval over examples; empty if the run has none."""
    low, high = (record.metrics.get(f"{metric.name}_{end}") for end in ("low", "high"))
    if low is None or high is None:
        return ""
    return sentence(translate, "95% interval over examples {low} to {high}",
                    low=metric.shown(low), high=metric.shown(high))


def _shots_and_seed(record: RunRecord, translate: Translate) -> str:
    """K and the seed; empty for methods without training examples."""
    if not record.shots:
        return ""
    return sentence(translate, "K = {shots}, seed {seed}", shots=record.shots, seed=record.seed)


def _origin(record: RunRecord, translate: Translate) -> str:
    """Task, model, and how long the run took."""
    parts = (escaped(record.task), escaped(record.model), _seconds(record, translate))
    return " · ".join(filter(None, parts))


def _seconds(record: RunRecord, translate: Translate) -> str:
    if record.seconds is None:
        return ""
    return sentence(translate, "{seconds} s", seconds=f"{record.seconds:.1f}")
