"""HTML about a person's data: what was found in files, findings about it, and label counts."""

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
    """A name from a person's data in a dropdown.

    The invisible sign keeps the browser from translating it.
    """
    return f"{name}\u2060", name


def table_line(table: Table, translate: Translate) -> str:
    """What was found in a file: rows, columns, encoding, delimiter."""
    facts = [translate("{n} rows").format(n=f"{len(table.rows):,}"),
             translate("{n} columns").format(n=len(table.columns)), table.encoding,
             translate(_DELIMITERS.get(table.delimiter, ""))]
    return message(f"{table.name}: " + " · ".join(fact for fact in facts if fact), "note")


def findings_panel(findings: Sequence[Finding], translate: Translate) -> str:
    """All findings as a list, each with its severity."""
    items = "".join(_finding(finding, translate) for finding in findings)
    return f'<ul class="cl-findings" aria-live="polite">{items}</ul>' if items else ""


def _finding(finding: Finding, translate: Translate) -> str:
    severity = escape(translate(finding.severity))
    text = fill(translate(finding.template), finding.values)
    return (f'<li class="cl-finding cl-{_KINDS[finding.severity]}">'
            f'<span class="cl-mark" title="{severity}">{_MARKS[finding.severity]}</span>'
            f"<span>{escape(text)}</span></li>")


def counts_panel(counts: Mapping[str, int], title: str, over: str) -> str:
    """How many rows each label has."""
    total, bars = max(1, sum(counts.values())), ""
    for index, (label, count) in enumerate(counts.items()):
        share = count / total
        bars += bar(label, share, colour(index), f"{count:,} · {found_percent(share)}")
    return (f'<div class="cl-card cl-counts">'
            f'<h3>{escape(title)}<span class="cl-over">{escape(over)}</span></h3>{bars}</div>')
