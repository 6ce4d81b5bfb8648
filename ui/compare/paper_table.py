"""The main metric of a study that comes with the app, beside what its paper reports."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from core.metrics.groups import grouped
from core.metrics.metric import Metric, main_metric_in
from core.metrics.significance import summarise
from core.runs.ready_made import PaperFigures, ReadyMade
from ui.feedback import Translate


def paper_table(study: ReadyMade, translate: Translate) -> str:
    """A card: by K the study's main metric for each method, and the paper's; empty without one."""
    paper = study.paper
    if paper is None:
        return ""
    metric = main_metric_in(run.metrics for run in study.runs)
    head = "".join(f'<th scope="col">{escape(method)}</th>' for method in ("", *paper.methods))
    template = ("{metric} in %, mean ± standard deviation. The paper: {source}."
                if metric.is_share else "{metric}, mean ± standard deviation. The paper: {source}.")
    source = translate(template).format(metric=translate(metric.title), source=paper.source)
    title = escape(translate("The paper's own figures"))
    rows = _paper_rows(study, paper, metric, translate)
    return (f'<div class="cl-card cl-paper"><h3>{title}</h3><p class="cl-hint">{escape(source)}</p>'
            '<div class="cl-scroll"><table class="cl-table cl-tight">'
            f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></div>")


def _paper_rows(study: ReadyMade, paper: PaperFigures, metric: Metric, translate: Translate) -> str:
    """For each K a row of the study's means and, under it, one of the paper's."""
    scores: dict[tuple[str, int], list[float]] = {}
    for setting, runs in grouped([run.record() for run in study.runs]).items():
        scores.setdefault((setting.method, setting.shots), []).extend(
            metric.scale * run.metrics[metric.name] for run in runs)
    rows = ""
    for shots, examples in sorted(paper.examples.items()):
        here = translate("here, K = {shots}" if shots else "here, no examples").format(shots=shots)
        there = translate("paper, {n} examples").format(n=examples)
        rows += _paper_row(here, [_mean_and_spread(scores.get((method, shots), []))
                                  for method in paper.methods])
        rows += _paper_row(there, [figures.get(shots, "") for figures in paper.methods.values()],
                           "cl-theirs")
    return rows


def _paper_row(name: str, cells: Iterable[str], kind: str = "") -> str:
    row = "".join(f'<td class="cl-number">{escape(cell)}</td>' for cell in cells)
    return f'<tr class="{kind}"><td>{escape(name)}</td>{row}</tr>'


def _mean_and_spread(values: list[float]) -> str:
    """`71.9 ± 5.6`; without the spread if there is one value, empty if there is none."""
    if not values:
        return ""
    summary = summarise(values)
    return f"{summary.mean:.1f}" + ("" if summary.sd is None else f" ± {summary.sd:.1f}")
