"""HTML about a person's data: what was found in files, how many rows a label has, what should be known of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from core.data.files import Table
from core.data.findings import Finding
from core.errors import fill
from ui.bars import bar, colour, found_percent
from ui.feedback import Translate, message

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_MARKS = {"error": "✕", "warning": "!", "note": "i"}
_KINDS = {"error": "problem", "warning": "warning", "note": "note"}


def as_choice(name: str) -> tuple[str, str]:
    """A name from a person's data in a dropdown; the invisible sign keeps the browser from translating it."""
    return f"{name}\u2060", name


def table_line(table: Table, translate: Translate) -> str:
    """What was found in a file: rows, columns, encoding, delimiter."""
    facts = [translate("{n} rows").format(n=f"{len(table.rows):,}"),
             translate("{n} columns").format(n=len(table.columns)), table.encoding,
             translate(_DELIMITERS.get(table.delimiter, ""))]
    return message(f"{table.name}: " + " · ".join(fact for fact in facts if fact), "note")


def findings_panel(findings: Sequence[Finding], translate: Translate) -> str:
    """All findings as a list, each with its severity."""
    items = "".join(
        f'<li class="cl-finding cl-{_KINDS[each.severity]}">'
        f'<span class="cl-mark" title="{escape(translate(each.severity))}">'
        f'{_MARKS[each.severity]}</span>'
        f'<span>{escape(fill(translate(each.template), each.values))}</span></li>'
        for each in findings)
    return f'<ul class="cl-findings" aria-live="polite">{items}</ul>' if items else ""


def counts_panel(counts: Mapping[str, int], title: str, over: str) -> str:
    """How many rows each label has."""
    total = max(1, sum(counts.values()))
    bars = "".join(bar(label, count / total, colour(at),
                       f"{count:,} · {found_percent(count / total)}")
                   for at, (label, count) in enumerate(counts.items()))
    return (f'<div class="cl-card cl-counts"><h3>{escape(title)}'
            f'<span class="cl-over">{escape(over)}</span></h3>'
            f"{bars}</div>")
