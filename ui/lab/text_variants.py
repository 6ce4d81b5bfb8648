"""Variants of a task whose answers are texts: kept patterns, measured side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from core.data.task import Task
from core.inspection import TextsView, read_question, write_in_parts
from core.metrics.metric import METRICS
from core.models.backbone import Backbone
from ui.bars import metric_text, range_text
from ui.feedback import Translate
from ui.lab.decoding import GREEDY, decoding_of
from ui.lab.measured import measured

_EXAMPLES = "16"  # as many as are written for at first while one types
_SHOWN = 6  # metrics


def text_variants_table(variants: Sequence[Mapping[str, Any]], task: Task, backbone: Backbone,
                        translate: Translate) -> str:
    """The kept patterns, written with greedily and measured, the best first.

    Raises:
        InputError: a pattern cannot be used with this model.
    """
    examples = measured(task, _EXAMPLES)
    rows: list[tuple[str, TextsView]] = []
    for variant in variants:
        question = read_question(variant["pattern"], {}, task, backbone)
        question.check()
        *_, view = write_in_parts(question, examples, backbone, decoding_of(GREEDY, *[None] * 6))
        rows.append((variant["pattern"], view))
    main = rows[0][1].main
    rows.sort(key=lambda row: main.order(row[1].metrics[main.name]))
    return text_variants_card(rows, len(examples), translate)


def text_variants_card(rows: Sequence[tuple[str, TextsView]], examples: int,
                       translate: Translate) -> str:
    """A card with a row for each pattern and a column for each metric."""
    names = list(rows[0][1].metrics)[:_SHOWN]
    titles = [METRICS[name].head(translate) for name in names]
    heads = "".join(f'<th scope="col">{escape(title)}</th>' for title in (
        translate("Pattern"), titles[0], translate("95 % interval"), *titles[1:]))
    body = "".join(_row(pattern, view, names) for pattern, view in rows)
    over = escape(translate("zero-shot, over {n} test examples").format(n=examples))
    return (f'<div class="cl-card"><h3>{escape(translate("Variants, side by side"))}'
            f'<span class="cl-over">{over}</span></h3><div class="cl-scroll">'
            f'<table class="cl-table"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'
            "</div></div>")


def _row(pattern: str, view: TextsView, names: Sequence[str]) -> str:
    first, *others = (metric_text(view.metrics[name], METRICS[name]) if name in view.metrics
                      else "" for name in names)
    interval = range_text(*view.interval, view.main) if view.interval else ""
    cells = "".join(f"<td>{cell}</td>" for cell in (f"<b>{first}</b>", interval, *others))
    return f'<tr><td class="cl-mono">{escape(pattern)}</td>{cells}</tr>'
