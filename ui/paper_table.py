"""What a paper reports, beside what a study that comes with the app found in its setting."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from core.metrics.groups import grouped
from core.metrics.metric import main_metric_in
from core.metrics.significance import summarise
from core.runs.ready_made import ReadyMade
from ui.feedback import Say


def paper_table(study: ReadyMade, say: Say) -> str:
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
        ours = say("here, K = {shots}").format(shots=shots) if shots else say("here, no examples")
        theirs = say("paper, {n} examples").format(n=examples)
        body += _row(ours, [_spread(here.get((method, shots), [])) for method in paper.methods])
        body += _row(theirs, [figures.get(shots, "") for figures in paper.methods.values()], "cl-theirs")
    head = "".join(f'<th scope="col">{escape(method)}</th>' for method in ("", *paper.methods))
    what = "{metric} in %, mean ± standard deviation. The paper: {source}." if metric.is_share else (
        "{metric}, mean ± standard deviation. The paper: {source}.")
    source = say(what).format(metric=say(metric.title), source=paper.source)
    title = escape(say("The paper's own figures"))
    return (f'<div class="cl-card cl-paper"><h3>{title}</h3><p class="cl-hint">{escape(source)}</p>'
            f'<div class="cl-scroll"><table class="cl-table cl-tight"><thead><tr>{head}</tr></thead>'
            f"<tbody>{body}</tbody></table></div></div>")


def _row(name: str, cells: Iterable[str], kind: str = "") -> str:
    told = "".join(f'<td class="cl-number">{escape(each)}</td>' for each in cells)
    return f'<tr class="{kind}"><td>{escape(name)}</td>{told}</tr>'


def _spread(values: list[float]) -> str:
    """`71.9 ± 5.6`; without the spread if there is one value, empty if there is none."""
    if not values:
        return ""
    found = summarise(values)
    return f"{found.mean:.1f}" + ("" if found.sd is None else f" ± {found.sd:.1f}")
