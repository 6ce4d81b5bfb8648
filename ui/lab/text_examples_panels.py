"""HTML of the outputs for many examples: their metrics, and a table beside the references."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from core.data.task import Example
from core.inspection import TextsView
from core.metrics.metric import METRICS, Metric
from ui.bars import metric_text, range_text
from ui.feedback import Translate
from ui.lab.text_panels import compared

ROWS_SHOWN = 10
_LONGEST = 260  # characters of a source


def texts_panel(view: TextsView, before: Mapping[str, float] | None, wanted: int, total: int,
                translate: Translate) -> str:
    """The metrics over the examples so far, and the first outputs beside their references.

    Args:
        before: the metrics over as many examples before the last change, if they were measured.
        wanted: how many examples are measured in the end.
        total: how many test examples there are.
    """
    over = translate("over {n} of {total} test examples").format(n=view.n, total=total)
    if view.n < wanted:
        over = translate("over the first {n}; {wanted} are coming").format(n=view.n, wanted=wanted)
    return (f'<div class="cl-card"><h3>{escape(translate("How good the texts are"))}'
            f'<span class="cl-over">{escape(over)}</span></h3>'
            f"{_main(view, before, translate)}{_others(view, before, translate)}"
            f"{_table(view, translate)}</div>")


def outdated(panel: str) -> str:
    """A panel of what was asked before, faint, until the first new texts are written."""
    return f'<div class="cl-outdated" aria-busy="true">{panel}</div>' if panel else ""


def _main(view: TextsView, before: Mapping[str, float] | None, translate: Translate) -> str:
    metric = view.main
    if metric.name not in view.metrics:
        return ""
    interval = ""
    if view.interval:
        interval = f'<span class="cl-hint">95 %: {range_text(*view.interval, metric)}</span>'
    return (f'<div class="cl-score"><span class="cl-big">'
            f"{metric_text(view.metrics[metric.name], metric)}</span>"
            f"<span>{_named(metric, translate)}<br>{interval}</span>"
            f"{_change(metric, view, before, translate)}</div>")


def _named(metric: Metric, translate: Translate) -> str:
    return f"<span>{escape(metric.head(translate))}</span>"


def _others(view: TextsView, before: Mapping[str, float] | None, translate: Translate) -> str:
    items = "".join(
        f'<li>{_named(METRICS[name], translate)} <b>{metric_text(value, METRICS[name])}</b> '
        f"{_change(METRICS[name], view, before, translate)}</li>"
        for name, value in view.metrics.items() if name != view.main.name)
    return f'<ul class="cl-metrics">{items}</ul>' if items else ""


def _change(metric: Metric, view: TextsView, before: Mapping[str, float] | None,
            translate: Translate) -> str:
    """How much a metric has changed since the last change of the question."""
    if before is None or metric.name not in before:
        return ""
    value, old = view.metrics[metric.name], before[metric.name]
    shown = metric.signed(value - old)
    kind = "" if value == old else "cl-better" if metric.better(value, old) else "cl-worse"
    title = escape(translate("since the last change, over as many examples"))
    return f'<span class="cl-change {kind}" title="{title}">{escape(shown)}</span>'


def _table(view: TextsView, translate: Translate) -> str:
    heads = "".join(f'<th scope="col">{escape(translate(name))}</th>'
                    for name in ("Source", "Output, compared with the closest reference"))
    rows = "".join(_row(example, output)
                   for example, output in zip(view.examples[:ROWS_SHOWN], view.outputs,
                                              strict=False))
    return ('<div class="cl-scroll cl-tall"><table class="cl-table cl-compared">'
            f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>")


def _row(example: Example, output: str) -> str:
    source = example.text_a
    source = source if len(source) <= _LONGEST else source[: _LONGEST - 1] + "…"
    return (f"<tr><td>{escape(source)}</td>"
            f'<td class="cl-diff">{compared(output, example.references)}</td></tr>')
