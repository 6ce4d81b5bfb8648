"""Runs compared, as people read them: table rows, sentences and lists; pure functions, every text in HTML escaped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd

from core.figures.comparison import LEVEL
from core.figures.text import sentence
from core.metrics.groups import Setting, grouped
from core.metrics.metric import Metric, found_metrics, main_metric_in, metric_named
from core.metrics.significance import McNemar, PairComparison, Side, summarise
from core.runs.comparison import SideBySide, compare_settings
from core.runs.ready_made import ReadyMade
from core.runs.records import RunRecord
from ui.feedback import Translate
from ui.run_panels import option_value

SETTING_TITLES = {"task": "Task", "model": "Model", "method": "Method", "pattern": "Pattern",
                  "words": "Words", "shots": "K", "seed": "Seed"}
LONGEST_NAME = 60  # characters of a pattern in the name of a run
MAX_VERDICTS = 6
MAX_PAIRS = 200  # of the table of differences
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
    metrics = found_metrics({name for record in records for name in record.metrics})
    table: dict[str, list[object]] = {
        translate("State"): [translate(each.status) for each in records]}
    for name in settings.names:
        table[setting_title(name, translate)] = [_cell(name, row.get(name, ""), translate)
                                                 for row in settings.differing]
    for metric in metrics:
        title = metric.head(translate) + (" %" if metric.is_share else "")
        table[title] = [_number(record.metrics.get(metric.name), metric) for record in records]
        if any(f"{metric.name}_low" in record.metrics for record in records):
            interval = translate("95 % interval")
            head = interval if interval not in table else f"{interval}, {metric.head(translate)}"
            table[head] = [_interval(record, metric, translate) for record in records]
    table[translate("Seconds")] = [None if each.seconds is None else round(each.seconds, 1)
                                   for each in records]
    table[translate("Run")] = [each.id for each in records]
    return pd.DataFrame(table)


def shared_settings(records: Sequence[RunRecord], translate: Translate) -> str:
    """HTML of the settings that are the same for all runs."""
    shared = [f"{escape(setting_title(name, translate))} "
              f"<b>{escape(option_value(name, value, translate))}</b>"
              for name, value in compare_settings(records).shared.items() if value != ""]
    return f'<p class="cl-hint cl-shared">{escape(translate("The same for all:"))} {" · ".join(shared)}</p>' if shared else ""


def run_names(records: Sequence[RunRecord], translate: Translate) -> list[str]:
    """What dropdowns call each run: its method, what tells it from the others, and its first metric."""
    names = []
    for each, own in zip(records, compare_settings(records).differing, strict=True):
        score = next(
            (metric.shown(each.metrics[metric.name]) for metric in found_metrics(each.metrics)),
            each.status)
        told = [_named(name, value, translate)
                for name, value in own.items() if name != "method" and value != ""]
        names.append(" · ".join([each.method, *sorted(told, key=len), score]))
    return names


def group_name(setting: Setting, runs: int, translate: Translate) -> str:
    """What dropdowns call the runs that differ in their seed only."""
    shots = f"{translate('K')} {setting.shots}" if setting.shots else ""
    together = sentence(translate, "{n} seeds together", n=runs)
    return " · ".join(filter(None, (setting.method, _short(setting.pattern), shots, together)))


def setting_title(name: str, translate: Translate) -> str:
    """A setting or option as a column title."""
    return translate(SETTING_TITLES.get(name, name.replace("_", " ")))


def summary_table(rows: Sequence[dict[str, Any]], metric: str, translate: Translate) -> str:
    """Means with spread and interval, as the figure shows them."""
    measure = metric_named(metric)
    return table_html(
        [translate(name)
         for name in ("Method", "Pattern", "K", "Runs", "Mean ± sd", "95 % interval")],
        [[row["method"], row["pattern"] or "–", row["shots"] or "–", row["n"],
          measure.shown(row["mean"])
          + ("" if row["sd"] is None else f" ± {measure.spread(row['sd'])}"),
          "–" if row["sd"] is None
          else _range(*(measure.shown(measure.within(end)) for end in row["ci95"]), translate)]
         for row in rows])


def spread_table(rows: Sequence[dict[str, Any]], metric: str, over: str,
                 translate: Translate) -> str:
    """How far results lie apart, as the box plots show it."""
    measure, values = metric_named(metric), "Seeds" if over == "seed" else "Patterns"
    pattern = ["Pattern"] if over == "seed" else []
    return table_html(
        [translate(name) for name in ("Method", *pattern, "K", values, "sd", "Lowest", "Highest")],
        [[row["method"], *([row["pattern"] or "–"] if pattern else []), row["shots"] or "–",
          row["n"], "–" if row["sd"] is None else measure.spread(row["sd"]),
          measure.shown(row["lowest"]), measure.shown(row["highest"])] for row in rows])


def verdicts(comparisons: Sequence[PairComparison], translate: Translate) -> str:
    """A plain sentence for each comparison, the clearest first."""
    if not comparisons:
        return f'<p class="cl-verdicts">{escape(translate(_NO_PAIRS))}</p>'
    ordered, names = _clearest(comparisons), _side_names(comparisons)
    lines = "".join(f'<li class="{"cl-clear" if each.p_holm < LEVEL else "cl-unclear"}">'
                    f"{escape(verdict(each, names, translate))}</li>"
                    for each in ordered[:MAX_VERDICTS])
    more = len(ordered) - MAX_VERDICTS
    rest = escape(
        sentence(translate, "{n} more comparisons are in the table below.",
                 n=more)) if more > 0 else ""
    return f'<ul class="cl-verdicts">{lines}</ul><p class="cl-hint">{rest}</p>'


def verdict(each: PairComparison, names: Mapping[Side, str], translate: Translate) -> str:
    """Who is better, by how much and how sure that is, in words."""
    test, a, b, sign, metric = each.test, each.a, each.b, 1, metric_named(each.metric)
    clear = each.p_holm < LEVEL
    if clear:
        sign = -1 if test.difference < 0 else 1
        a, b = (a, b) if metric.better(test.difference, 0) else (b, a)
    low, high = sorted((sign * test.low, sign * test.high))
    return sentence(translate, _BEATS if clear else _UNCLEAR, a=names[a], b=names[b], n=test.n,
                    difference=points(sign * test.difference, metric, translate),
                    low=_minus(low, metric), high=_minus(high, metric), p=p_text(each.p_holm))


def difference_table(comparisons: Sequence[PairComparison], translate: Translate) -> str:
    """Every paired test, as the figure shows them, the clearest first."""
    heads = ("A", "B", "Pairs", "A − B", "95 % interval", "p (t-test)", "p (sign flips)",
             "p (Holm)")
    names = _side_names(comparisons)
    return table_html(
        [translate(head) for head in heads],
        [[names[each.a], names[each.b], each.test.n,
          _signed(each.test.difference, metric := metric_named(each.metric)),
          _range(_signed(each.test.low, metric), _signed(each.test.high, metric), translate),
          *(p_text(p).removeprefix("= ") for p in (each.test.p_t, each.test.p_flips, each.p_holm))]
         for each in _clearest(comparisons)[:MAX_PAIRS]])


def confusion_table(confusion: Sequence[Sequence[int]], labels: Sequence[str],
                    translate: Translate) -> str:
    """The counts of a confusion matrix as a table."""
    return table_html([f"{translate('gold')} ↓ {translate('predicted')} →", *labels],
                      [[label, *row] for label, row in zip(labels, confusion, strict=True)])


def points(value: float, metric: Metric, translate: Translate) -> str:
    """A difference with its unit: percentage points for shares."""
    return sentence(translate, "{value} points",
                    value=_minus(value, metric)) if metric.is_share else _minus(value, metric)


def p_text(p: float) -> str:
    """A p-value after its letter: = 0.012 or < 0.001."""
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def mcnemar_panel(test: McNemar, right: tuple[int, int], interval: tuple[float, float],
                  joined: SideBySide, translate: Translate) -> str:
    """How two runs differ over the same examples, where each has an answer right or wrong, and whether that is chance.
    """
    n, metric = len(joined.rows), joined.metric
    counts = sentence(translate,
                      "Of {n} examples, A has {a} right and B {b}; {only_a} only A, {only_b} "
                      "only B.", n=n, a=right[0], b=right[1], only_a=test.only_a,
                      only_b=test.only_b)
    told = sentence(translate,
                    "A − B: {difference}, 95 % interval {low} to {high}; McNemar's exact test "
                    "p {p}.", difference=points((right[0] - right[1]) / n, metric, translate),
                    low=_minus(interval[0], metric), high=_minus(interval[1], metric),
                    p=p_text(test.p))
    return _verdict_card(counts, told, test.p < LEVEL, translate)


def bootstrap_panel(interval: tuple[float, float], joined: SideBySide, translate: Translate) -> str:
    """How the scores of two runs differ over the same examples, and whether that is more than chance."""
    n, metric = len(joined.rows), joined.metric
    better = joined.rows["better"].value_counts()
    counts = sentence(translate, "Of {n} examples, A is better on {a} and B on {b}.", n=n,
                      a=better.get("a", 0), b=better.get("b", 0))
    difference = (sum(joined.scores("a")) - sum(joined.scores("b"))) / n
    told = sentence(translate,
                    "{metric}, mean over examples, A − B: {difference}, 95 % interval {low} to "
                    "{high}.", metric=metric.titled(translate),
                    difference=points(difference, metric, translate),
                    low=_minus(interval[0], metric), high=_minus(interval[1], metric))
    return _verdict_card(counts, told, not interval[0] <= 0 <= interval[1], translate)


def _verdict_card(counts: str, told: str, clear: bool, translate: Translate) -> str:
    verdict = translate("This is more than chance over these examples." if clear else
                  "No difference can be told from these examples.")
    return (f'<div class="cl-card" role="status"><p>{escape(counts)}</p><p>{escape(told)} '
            f'<b>{escape(verdict)}</b></p>'
            f"</div>")


def example_list(examples: pd.DataFrame, start: int, right_or_wrong: bool,
                 translate: Translate) -> str:
    """Examples with what is right and the answers of both runs; numbered from `start`.

    With `right_or_wrong`, a mark says which answers are right, otherwise their scores are shown.
    """
    if examples.empty:
        return f'<p class="cl-hint">{escape(translate("There is no such example."))}</p>'
    rows = "".join(_example(each, right_or_wrong, translate)
                   for each in examples.to_dict("records"))
    return f'<ol class="cl-pairs" start="{start}">{rows}</ol>'


def table_html(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table that scrolls inside its box."""
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = "".join("<tr>" + "".join(map(_table_cell, row)) + "</tr>" for row in rows)
    return (f'<div class="cl-scroll" tabindex="0"><table class="cl-table cl-figures"><thead>'
            f'<tr>{head}</tr></thead>'
            f"<tbody>{body}</tbody></table></div>")


def paper_table(study: ReadyMade, translate: Translate) -> str:
    """A card: for each K the study's main metric by method, and under it the paper's; empty without any."""
    paper = study.paper
    if paper is None:
        return ""
    here: dict[tuple[str, int], list[float]] = {}
    metric = main_metric_in(run.metrics for run in study.runs)
    for setting, runs in grouped([run.record() for run in study.runs]).items():
        here.setdefault((setting.method, setting.shots), []).extend(
            metric.scale * run.metrics[metric.name] for run in runs)
    body = ""
    for shots, examples in sorted(paper.examples.items()):
        ours = translate("here, K = {shots}").format(shots=shots) if shots else translate("here, "
                                                                                          "no examples")
        theirs = translate("paper, {n} examples").format(n=examples)
        body += _paper_row(
            ours, [_mean_and_spread(here.get((method, shots), [])) for method in paper.methods])
        body += _paper_row(theirs, [figures.get(shots, "") for figures in paper.methods.values()],
                           "cl-theirs")
    head = "".join(f'<th scope="col">{escape(method)}</th>' for method in ("", *paper.methods))
    what = "{metric} in %, mean ± standard deviation. The paper: {source}." if metric.is_share else (
        "{metric}, mean ± standard deviation. The paper: {source}.")
    source = translate(what).format(metric=translate(metric.title), source=paper.source)
    title = escape(translate("The paper's own figures"))
    return (f'<div class="cl-card cl-paper"><h3>{title}</h3><p class="cl-hint">{escape(source)}</p>'
            f'<div class="cl-scroll"><table class="cl-table cl-tight"><thead>'
            f'<tr>{head}</tr></thead>'
            f"<tbody>{body}</tbody></table></div></div>")


def _paper_row(name: str, cells: Iterable[str], kind: str = "") -> str:
    told = "".join(f'<td class="cl-number">{escape(each)}</td>' for each in cells)
    return f'<tr class="{kind}"><td>{escape(name)}</td>{told}</tr>'


def _mean_and_spread(values: list[float]) -> str:
    """`71.9 ± 5.6`; without the spread if there is one value, empty if there is none."""
    if not values:
        return ""
    found = summarise(values)
    return f"{found.mean:.1f}" + ("" if found.sd is None else f" ± {found.sd:.1f}")


def _clearest(comparisons: Sequence[PairComparison]) -> list[PairComparison]:
    return sorted(comparisons, key=lambda each: (each.p_holm, -abs(each.test.difference)))


def _side_names(comparisons: Sequence[PairComparison]) -> dict[Side, str]:
    """Methods, with their patterns where these are compared, and with words where one pattern has several."""
    sides = dict.fromkeys(side for each in comparisons for side in (each.a, each.b))
    counts = Counter(side[:2] for side in sides)
    words = {side: side.words if counts[side[:2]] > 1 else "" for side in sides}
    return {side: " · ".join(filter(None, (side.method, _short(side.pattern), words[side])))
            for side in sides}


def _table_cell(cell: object) -> str:
    """Long texts may wrap."""
    text = str(cell)
    return f"<td{' class=cl-long' if len(text) > LONGEST_LINE else ''}>{escape(text)}</td>"


def _example(each: dict[str, Any], right_or_wrong: bool, translate: Translate) -> str:
    texts = "".join(f"<p>{escape(text)}</p>"
                    for text in (each["text_a"], each["text_b"], each["more"]) if text)
    answers = "".join(_answer(each, side, right_or_wrong, translate) for side in "ab")
    name, right = ("gold", each["gold"]) if each["gold"] else ("references", each["references"])
    return (f'<li>{texts}<span class="cl-answers">'
            f'<span class="cl-answer">{escape(translate(name))} '
            f"<b>{escape(right)}</b></span>{answers}</span></li>")


def _answer(each: dict[str, Any], side: str, right_or_wrong: bool, translate: Translate) -> str:
    kind, sign = "", ""
    if right_or_wrong:
        right = each["better"] in (side, "both")
        kind, mark, spoken = (" cl-answer-good", "✓",
                              "right") if right else (" cl-answer-bad", "✗", "wrong")
        sign = f'<span role="img" aria-label="{escape(translate(spoken))}">{mark}</span> '
    sure, score = each[f"probability_{side}"], each[f"score_{side}"]
    facts = "" if pd.isna(sure) and right_or_wrong else f" {score:.2f}" if pd.isna(
        sure) else f" {100 * sure:.0f} %"
    return f'<span class="cl-answer{kind}">{side.upper()} {sign}<b>{escape(each[f"answer_{side}"])}</b>{facts}</span>'


def _cell(name: str, value: object, translate: Translate) -> object:
    """Numbers stay numbers, so that the table sorts them."""
    text = option_value(name, value, translate)
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and text != translate(
        "automatic")
    return value if number else text


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
