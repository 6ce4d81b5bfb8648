"""Runs compared, as people read them: tables, sentences and lists; every text is escaped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from core.figures.comparison import LEVEL
from core.figures.confusion import MAX_SHOWN
from core.figures.text import sentence
from core.metrics.groups import Setting
from core.metrics.labels import most_confused
from core.metrics.metric import Metric, found_metrics, metric_named
from core.metrics.significance import McNemar, PairComparison, Side
from core.runs.comparison import SideBySide, compare_settings
from core.runs.records import RunRecord
from ui.feedback import Translate
from ui.run_panels import option_value

SETTING_TITLES = {"task": "Task", "model": "Model", "method": "Method", "pattern": "Pattern",
                  "words": "Words", "shots": "K", "seed": "Seed"}
LONGEST_NAME = 60  # characters of a pattern in the name of a run
MAX_VERDICTS = 6
MAX_PAIRS = 200  # of the table of differences
MOST_INTERVALS = 6  # metrics of which the table of runs shows all intervals
LONGEST_LINE = 24  # characters of a table cell that stay on one line

_BEATS = ("{a} beats {b} by {difference} on average over {n} paired runs; 95 % interval {low} to "
          "{high}, "
          "p {p} after Holm's correction.")
_UNCLEAR = ("No difference between {a} and {b} can be told from these {n} paired runs: "
            "{difference} on average, "
            "95 % interval {low} to {high}, p {p} after Holm's correction.")
_NO_PAIRS = ("No difference can be told from these runs: a paired comparison needs two methods "
             "with at least two runs "
             "each of the same seeds or patterns.")


def run_table(records: Sequence[RunRecord], translate: Translate) -> pd.DataFrame:
    """A row for each run; columns only for the settings that differ, and for what was found."""
    settings = compare_settings(records)
    table: dict[str, list[object]] = {
        translate("State"): [translate(record.status) for record in records]}
    for name in settings.names:
        table[setting_title(name, translate)] = [_cell(name, row.get(name, ""), translate)
                                                 for row in settings.differing]
    metrics = found_metrics({name for record in records for name in record.metrics})
    for metric in metrics:
        few = len(metrics) <= MOST_INTERVALS or metric is metrics[0]
        _add_metric(table, metric, records, translate, interval=few)
    table[translate("Seconds")] = [
        None if record.seconds is None else round(record.seconds, 1) for record in records]
    table[translate("Run")] = [record.id for record in records]
    return pd.DataFrame(table)


def _add_metric(table: dict[str, list[object]], metric: Metric, records: Sequence[RunRecord],
                translate: Translate, *, interval: bool) -> None:
    """Add a column of the metric's values, and, if wanted, one of its intervals if it has any."""
    head = metric.head(translate)
    table[head + (" %" if metric.is_share else "")] = [
        _number(record.metrics.get(metric.name), metric) for record in records]
    if interval and any(f"{metric.name}_low" in record.metrics for record in records):
        title = translate("95 % interval")
        table[title if title not in table else f"{title}, {head}"] = [
            _interval(record, metric, translate) for record in records]


def shared_settings(records: Sequence[RunRecord], translate: Translate) -> str:
    """HTML of the settings that are the same for all runs."""
    shared = []
    for name, value in compare_settings(records).shared.items():
        if value != "":
            title, text = setting_title(name, translate), option_value(name, value, translate)
            shared.append(f"{escape(title)} <b>{escape(text)}</b>")
    if not shared:
        return ""
    heading = escape(translate("The same for all:"))
    return f'<p class="cl-hint cl-shared">{heading} {" · ".join(shared)}</p>'


def run_names(records: Sequence[RunRecord], translate: Translate) -> list[str]:
    """What dropdowns call each run: its method, its settings that differ, and its first metric."""
    names = []
    for record, own in zip(records, compare_settings(records).differing, strict=True):
        metric = next(iter(found_metrics(record.metrics)), None)
        score = metric.shown(record.metrics[metric.name]) if metric else record.status
        settings = [_named(name, value, translate) for name, value in own.items()
                    if name != "method" and value != ""]
        names.append(" · ".join([record.method, *sorted(settings, key=len), score]))
    return names


def group_name(setting: Setting, runs: int, translate: Translate) -> str:
    """What dropdowns call the runs that differ in their seed only."""
    together = sentence(translate, "{n} seeds together", n=runs)
    return f"{group_heading(setting, translate)} · {together}"


def group_heading(setting: Setting, translate: Translate) -> str:
    """A setting in short: the method, the pattern and K."""
    shots = f"{translate('K')} {setting.shots}" if setting.shots else ""
    return " · ".join(filter(None, (setting.method, _short(setting.pattern), shots)))


def setting_title(name: str, translate: Translate) -> str:
    """A setting or option as a column title."""
    return translate(SETTING_TITLES.get(name, name.replace("_", " ")))


def summary_table(rows: Sequence[dict[str, Any]], metric: str, translate: Translate) -> str:
    """Means with spread and interval, as the figure shows them."""
    columns = ("Method", "Pattern", "K", "Runs", "Mean ± sd", "95 % interval")
    measure, cells = metric_named(metric), []
    for row in rows:
        mean, interval = measure.shown(row["mean"]), "–"
        if row["sd"] is not None:
            mean += f" ± {measure.spread(row['sd'])}"
            low, high = (measure.shown(measure.within(end)) for end in row["ci95"])
            interval = _range(low, high, translate)
        cells.append([row["method"], row["pattern"] or "–", row["shots"] or "–", row["n"], mean,
                      interval])
    return table_html([translate(name) for name in columns], cells)


def spread_table(rows: Sequence[dict[str, Any]], metric: str, over: str,
                 translate: Translate) -> str:
    """How far results lie apart, as the box plots show it."""
    measure, values = metric_named(metric), "Seeds" if over == "seed" else "Patterns"
    pattern = ["Pattern"] if over == "seed" else []
    cells = []
    for row in rows:
        spread = "–" if row["sd"] is None else measure.spread(row["sd"])
        cells.append([row["method"], *(row[name.lower()] or "–" for name in pattern),
                      row["shots"] or "–", row["n"], spread, measure.shown(row["lowest"]),
                      measure.shown(row["highest"])])
    heads = [translate(name)
             for name in ("Method", *pattern, "K", values, "sd", "Lowest", "Highest")]
    return table_html(heads, cells)


def verdicts(comparisons: Sequence[PairComparison], translate: Translate) -> str:
    """A plain sentence for each comparison, the clearest first."""
    if not comparisons:
        return f'<p class="cl-verdicts">{escape(translate(_NO_PAIRS))}</p>'
    ordered, names = _clearest(comparisons), _side_names(comparisons)
    lines = ""
    for comparison in ordered[:MAX_VERDICTS]:
        kind = "cl-clear" if comparison.p_holm < LEVEL else "cl-unclear"
        text = verdict(comparison, names, translate)
        lines += f'<li class="{kind}">{escape(text)}</li>'
    more, rest = len(ordered) - MAX_VERDICTS, ""
    if more > 0:
        rest = sentence(translate, "{n} more comparisons are in the table below.", n=more)
    return f'<ul class="cl-verdicts">{lines}</ul><p class="cl-hint">{escape(rest)}</p>'


def verdict(comparison: PairComparison, names: Mapping[Side, str], translate: Translate) -> str:
    """Who is better, by how much and how sure that is, in words."""
    test, a, b, sign = comparison.test, comparison.a, comparison.b, 1
    metric = metric_named(comparison.metric)
    clear = comparison.p_holm < LEVEL
    if clear:
        sign = -1 if test.difference < 0 else 1
        a, b = (a, b) if metric.better(test.difference, 0) else (b, a)
    low, high = sorted((sign * test.low, sign * test.high))
    return sentence(translate, _BEATS if clear else _UNCLEAR, a=names[a], b=names[b], n=test.n,
                    difference=points(sign * test.difference, metric, translate),
                    low=_minus(low, metric), high=_minus(high, metric),
                    p=p_text(comparison.p_holm))


def difference_table(comparisons: Sequence[PairComparison], translate: Translate) -> str:
    """Every paired test, as the figure shows them, the clearest first."""
    heads = ("A", "B", "Pairs", "A − B", "95 % interval", "p (t-test)", "p (sign flips)",
             "p (Holm)")
    names, rows = _side_names(comparisons), []
    for comparison in _clearest(comparisons)[:MAX_PAIRS]:
        test, metric = comparison.test, metric_named(comparison.metric)
        low, high = _signed(test.low, metric), _signed(test.high, metric)
        values = (p_text(p).removeprefix("= ")
                  for p in (test.p_t, test.p_flips, comparison.p_holm))
        rows.append([names[comparison.a], names[comparison.b], test.n,
                     _signed(test.difference, metric), _range(low, high, translate), *values])
    return table_html([translate(head) for head in heads], rows)


def confusion_table(confusion: Sequence[Sequence[int]], labels: Sequence[str],
                    translate: Translate) -> str:
    """The counts of a confusion matrix as a table; of very many labels those in the figure."""
    shown = most_confused(np.asarray(confusion), MAX_SHOWN)
    rows = [[labels[row], *(confusion[row][column] for column in shown)] for row in shown]
    heads = [labels[column] for column in shown]
    return table_html([f"{translate('gold')} ↓ {translate('predicted')} →", *heads], rows)


def points(value: float, metric: Metric, translate: Translate) -> str:
    """A difference with its unit: percentage points for shares."""
    return sentence(translate, "{value} points",
                    value=_minus(value, metric)) if metric.is_share else _minus(value, metric)


def p_text(p: float) -> str:
    """A p-value after its letter: = 0.012 or < 0.001."""
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def mcnemar_panel(test: McNemar, right: tuple[int, int], interval: tuple[float, float],
                  joined: SideBySide, translate: Translate) -> str:
    """How two runs differ over the same examples, by McNemar's exact test.

    Each answer is right or wrong; `right` counts the right ones of A and of B.
    """
    n, metric = len(joined.rows), joined.metric
    counts = sentence(translate,
                      "Of {n} examples, A has {a} right and B {b}; {only_a} only A, {only_b} "
                      "only B.", n=n, a=right[0], b=right[1], only_a=test.only_a,
                      only_b=test.only_b)
    result = sentence(translate,
                      "A − B: {difference}, 95 % interval {low} to {high}; McNemar's exact test "
                      "p {p}.", difference=points((right[0] - right[1]) / n, metric, translate),
                      low=_minus(interval[0], metric), high=_minus(interval[1], metric),
                      p=p_text(test.p))
    return _verdict_card(counts, result, test.p < LEVEL, translate)


def bootstrap_panel(interval: tuple[float, float], joined: SideBySide, translate: Translate) -> str:
    """How the scores of two runs differ over the same examples, by a paired bootstrap."""
    n, metric = len(joined.rows), joined.metric
    better = joined.rows["better"].value_counts()
    counts = sentence(translate, "Of {n} examples, A is better on {a} and B on {b}.", n=n,
                      a=better.get("a", 0), b=better.get("b", 0))
    difference = (sum(joined.scores("a")) - sum(joined.scores("b"))) / n
    result = sentence(translate,
                      "{metric}, mean over examples, A − B: {difference}, 95 % interval {low} to "
                      "{high}.", metric=metric.titled(translate),
                      difference=points(difference, metric, translate),
                      low=_minus(interval[0], metric), high=_minus(interval[1], metric))
    return _verdict_card(counts, result, not interval[0] <= 0 <= interval[1], translate)


def _verdict_card(counts: str, result: str, clear: bool, translate: Translate) -> str:
    verdict = translate("This is more than chance over these examples." if clear else
                        "No difference can be told from these examples.")
    return (f'<div class="cl-card" role="status"><p>{escape(counts)}</p>'
            f"<p>{escape(result)} <b>{escape(verdict)}</b></p></div>")


def example_list(examples: pd.DataFrame, start: int, right_or_wrong: bool,
                 translate: Translate) -> str:
    """Examples with what is right and the answers of both runs; numbered from `start`.

    With `right_or_wrong`, a mark says which answers are right, otherwise their scores are shown.
    """
    if examples.empty:
        return f'<p class="cl-hint">{escape(translate("There is no such example."))}</p>'
    rows = "".join(_example(example, right_or_wrong, translate)
                   for example in examples.to_dict("records"))
    return f'<ol class="cl-pairs" start="{start}">{rows}</ol>'


def table_html(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table that scrolls inside its box."""
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = "".join("<tr>" + "".join(map(_table_cell, row)) + "</tr>" for row in rows)
    return ('<div class="cl-scroll" tabindex="0"><table class="cl-table cl-figures">'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>")


def _clearest(comparisons: Sequence[PairComparison]) -> list[PairComparison]:
    return sorted(comparisons, key=lambda comparison: (
        comparison.p_holm, -abs(comparison.test.difference)))


def _side_names(comparisons: Sequence[PairComparison]) -> dict[Side, str]:
    """Methods, with patterns where these are compared, and with words where a pattern has several.
    """
    sides = dict.fromkeys(side for comparison in comparisons
                          for side in (comparison.a, comparison.b))
    counts = Counter(side[:2] for side in sides)
    names = {}
    for side in sides:
        words = side.words if counts[side[:2]] > 1 else ""
        names[side] = " · ".join(filter(None, (side.method, _short(side.pattern), words)))
    return names


def _table_cell(cell: object) -> str:
    """Long texts may wrap."""
    text = str(cell)
    return f"<td{' class=cl-long' if len(text) > LONGEST_LINE else ''}>{escape(text)}</td>"


def _example(example: dict[str, Any], right_or_wrong: bool, translate: Translate) -> str:
    texts = "".join(f"<p>{escape(example[name])}</p>"
                    for name in ("text_a", "text_b", "more") if example[name])
    answers = "".join(_answer(example, side, right_or_wrong, translate) for side in "ab")
    name = "gold" if example["gold"] else "references"
    title = escape(translate("gold" if example["gold"] else "references"))
    return (f'<li>{texts}<span class="cl-answers">'
            f'<span class="cl-answer">{title} <b>{escape(example[name])}</b></span>'
            f"{answers}</span></li>")


def _answer(example: dict[str, Any], side: str, right_or_wrong: bool,
            translate: Translate) -> str:
    kind, sign = "", ""
    if right_or_wrong and example["better"] in (side, "both"):
        kind, sign = " cl-answer-good", _sign("✓", translate("right"))
    elif right_or_wrong:
        kind, sign = " cl-answer-bad", _sign("✗", translate("wrong"))
    probability = example[f"probability_{side}"]
    facts = "" if pd.isna(probability) else f" {100 * probability:.0f} %"
    if pd.isna(probability) and not right_or_wrong:
        facts = f" {example[f'score_{side}']:.2f}"
    return (f'<span class="cl-answer{kind}">{side.upper()} {sign}'
            f'<b>{escape(example[f"answer_{side}"])}</b>{facts}</span>')


def _sign(mark: str, spoken: str) -> str:
    return f'<span role="img" aria-label="{escape(spoken)}">{mark}</span> '


def _cell(name: str, value: object, translate: Translate) -> object:
    """Numbers stay numbers, so that the table sorts them."""
    text = option_value(name, value, translate)
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if number and text != translate("automatic") else text


def _number(value: float | None, metric: Metric) -> float | None:
    if value is None:
        return None
    return round(100 * value, 1) if metric.is_share else round(value, 3)


def _interval(record: RunRecord, metric: Metric, translate: Translate) -> str:
    low, high = (record.metrics.get(f"{metric.name}_{end}") for end in ("low", "high"))
    return "" if low is None or high is None else _range(metric.shown(low), metric.shown(high),
                                                         translate)


def _range(low: str, high: str, translate: Translate) -> str:
    return sentence(translate, "{low} to {high}", low=low.replace("-", "−"),
                    high=high.replace("-", "−"))


def _named(name: str, value: object, translate: Translate) -> str:
    if name in ("shots", "seed"):
        return f"{translate('K' if name == 'shots' else 'seed')} {value}"
    if name in SETTING_TITLES:
        return _short(str(value))
    return f"{translate(name.replace('_', ' '))} {option_value(name, value, translate)}"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1] + "…"


def _signed(value: float, metric: Metric) -> str:
    return _minus(value, metric) if value < 0 else f"+{metric.spread(value)}"


def _minus(value: float, metric: Metric) -> str:
    return f"−{metric.spread(-value)}" if value < 0 else metric.spread(value)
