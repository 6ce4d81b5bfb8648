"""What figures say of metrics and runs: titles, headings, numbers, and the facts that appear under the pointer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core.figures.text import Translate, plain, sentence, titled, wrapped
from core.metrics.groups import Setting
from core.metrics.metric import Metric
from core.metrics.significance import Summary
from core.runs.records import RunRecord

NOTHING = "No finished runs to show yet."


def value_axis(metric: Metric, translate: Translate, caption: str = "") -> dict[str, Any]:
    """An axis of the metric's values, explained by a caption; shares do not leave 0 to 100 %."""
    limits = {"clipmin": -0.01, "clipmax": 1.01} if metric.is_share else {}
    return {"title": {"text": titled(axis_title(metric, translate), caption)}, "autorangeoptions": limits,
            "tickformat": ".1~%" if metric.is_share else ".3~f"}


def axis_title(metric: Metric, translate: Translate) -> str:
    """The metric as people read it, and which way is better where that is not the usual way."""
    title = plain(metric.titled(translate))
    return title if metric.higher_is_better else sentence(translate, "{metric} (lower is better)", metric=title)


def varied(settings: Iterable[Setting]) -> frozenset[str]:
    """The fields of settings that must be told because they differ; words only where one pattern has several."""
    given = list(settings)
    fields = {name for name in ("task", "model") if len({getattr(each, name) for each in given}) > 1}
    if len({each.shots for each in given if each.shots}) > 1:
        fields.add("shots")
    if len({(each.pattern, each.words) for each in given}) > len({each.pattern for each in given}):
        fields.add("words")
    return frozenset(fields)


def circumstances(setting: Setting, fields: frozenset[str], translate: Translate) -> list[str]:
    """What is to be told of a setting beside its method and pattern."""
    shots = sentence(translate, "K = {shots}", shots=setting.shots) if setting.shots else translate("no training examples")
    texts = {"words": wrapped(setting.words, 46, 1), "shots": shots, "task": wrapped(setting.task, 40, 1),
             "model": wrapped(setting.model, 40, 1)}
    return [text for name, text in texts.items() if name in fields and text]


def pattern_text(setting: Setting, translate: Translate, width: int = 46, lines: int = 2) -> str:
    """The pattern, wrapped, or that there is none."""
    return wrapped(setting.pattern, width, lines) or translate("(no pattern)")


def heading(setting: Setting, fields: frozenset[str], translate: Translate) -> str:
    """The pattern and, on a line of its own, what else is to be told."""
    return "<br>".join(filter(None, (pattern_text(setting, translate), " · ".join(circumstances(setting, fields, translate)))))


def series_name(setting: Setting, fields: frozenset[str], translate: Translate) -> str:
    """The method, and in which circumstances where these differ."""
    return " · ".join([plain(setting.method), *circumstances(setting, fields, translate)])


def summary_facts(summary: Summary, metric: Metric, translate: Translate) -> str:
    """Mean, spread and interval of several runs."""
    mean = sentence(translate, "mean {mean} of {n} runs", mean=metric.shown(summary.mean), n=summary.n)
    if summary.sd is None or summary.low is None or summary.high is None:
        return sentence(translate, "{value}, one run", value=metric.shown(summary.mean))
    rest = sentence(translate, "sd {sd}, 95% interval {low} to {high}", sd=metric.spread(summary.sd),
                    low=metric.shown(metric.within(summary.low)), high=metric.shown(metric.within(summary.high)))
    return f"{mean}<br>{rest}"


def run_facts(record: RunRecord, metric: Metric, translate: Translate) -> str:
    """Everything about a run, for the pointer."""
    low, high = (record.metrics.get(f"{metric.name}_{end}") for end in ("low", "high"))
    interval = "" if low is None or high is None else sentence(
        translate, "95% interval over examples {low} to {high}", low=metric.shown(low), high=metric.shown(high))
    shots = sentence(translate, "K = {shots}, seed {seed}", shots=record.shots, seed=record.seed)
    seconds = "" if record.seconds is None else sentence(translate, "{seconds} s", seconds=f"{record.seconds:.1f}")
    lines = [f"<b>{plain(record.method)}</b>  {metric.shown(record.metrics[metric.name])}", interval,
             wrapped(record.pattern, 60, 8), wrapped(record.words, 60, 4), shots if record.shots else "",
             " · ".join(filter(None, (plain(record.task), plain(record.model), seconds)))]
    return "<br>".join(filter(None, lines))
