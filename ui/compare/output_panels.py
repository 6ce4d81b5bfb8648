"""Outputs beside their references as HTML: words that only one of both has are marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd

from core.metrics.metric import Metric
from core.metrics.word_diff import Piece, closest, word_diff
from ui.bars import metric_text
from ui.feedback import Translate

_KEY = (("cl-extra", "only in the output"), ("cl-lacking", "only in the closest reference"))


def output_list(rows: pd.DataFrame, start: int, sides: Mapping[str, str], metric: Metric,
                translate: Translate) -> str:
    """Examples with what runs wrote beside the closest reference; numbered from `start`.

    Args:
        rows: with `text_a`, `more`, `references`, and by side its answer and score.
        sides: for the side a, and b where two runs are shown, what the run is called.
    """
    if rows.empty:
        return f'<p class="cl-hint">{escape(translate("There is no such example."))}</p>'
    key = " ".join(f'<span class="{kind}">{escape(translate(text))}</span>' for kind, text in _KEY)
    items = "".join(_item(row, sides, metric, translate) for row in rows.to_dict("records"))
    return (f'<p class="cl-hint cl-diff-key">{key}</p>'
            f'<ol class="cl-pairs cl-outputs" start="{start}">{items}</ol>')


def _item(row: dict[str, Any], sides: Mapping[str, str], metric: Metric,
          translate: Translate) -> str:
    texts = "".join(f"<p>{escape(row[name])}</p>" for name in ("text_a", "text_b") if row[name])
    more = row["more"] if isinstance(row["more"], str) else ""
    further = f'<p class="cl-hint">{escape(more.replace(chr(10), " · "))}</p>' if more else ""
    references = row["references"].split("\n") if row["references"] else []
    written = "".join(_side(row, side, name, references, metric, translate)
                      for side, name in sides.items())
    return (f'<li>{texts}{further}<div class="cl-beside">{written}</div>'
            f"{_all_references(references, translate)}</li>")


def _side(row: dict[str, Any], side: str, name: str, references: Sequence[str], metric: Metric,
          translate: Translate) -> str:
    """One run's output, and under it the closest reference."""
    output, score = str(row[f"answer_{side}"]), row[f"score_{side}"]
    near = closest(output, references)
    mine, theirs = word_diff(output, near)
    empty = escape(translate("(nothing was written)"))
    shown = _marked(mine, "cl-extra") if mine else f'<i class="cl-hint">{empty}</i>'
    facts = f"{metric.titled(translate)} {metric_text(float(score), metric)}"
    reference = ""
    if near:
        title = escape(translate("Closest reference"))
        reference = (f'<p class="cl-closest"><small>{title}</small>'
                     f'{_marked(theirs, "cl-lacking")}</p>')
    return (f'<div class="cl-output"><p class="cl-hint">{escape(name)}'
            f'<span class="cl-over">{escape(facts)}</span></p>'
            f'<p class="cl-written">{shown}</p>{reference}</div>')


def _marked(pieces: Sequence[Piece], kind: str) -> str:
    """A text whose words that are not shared are marked."""
    return "".join(escape(piece.text) if piece.shared else _mark(piece.text, kind)
                   for piece in pieces)


def _mark(text: str, kind: str) -> str:
    words = text.rstrip()
    return f'<span class="{kind}">{escape(words)}</span>{escape(text[len(words):])}'


def _all_references(references: Sequence[str], translate: Translate) -> str:
    if len(references) < 2:
        return ""
    title = translate("All {n} references").format(n=len(references))
    items = "".join(f"<li>{escape(text)}</li>" for text in references)
    return (f'<details class="cl-details"><summary>{escape(title)}</summary>'
            f'<ul class="cl-references">{items}</ul></details>')
