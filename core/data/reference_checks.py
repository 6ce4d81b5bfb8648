"""What to know of data of generation: sources and references that are missing, equal or many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from core.data.columns import ColumnMap
from core.data.examples import read_examples
from core.data.files import Table
from core.data.findings import Finding, Severity
from core.data.references import merge_references
from core.data.task import Example


def reference_findings(table: Table, columns: ColumnMap) -> Iterator[Finding]:
    """Findings about a table of sources and targets.

    Raises:
        DataError: a column does not exist.
    """
    rows = read_examples(table, columns)
    yield from _missing(rows, table.name)
    complete = [row for row in rows if row.text_a and row.references]
    examples = merge_references(complete)
    if examples:
        yield from _equal_targets(complete, columns.target or "")
        yield from _how_many(examples, table.name)
        yield from _parted_sources(examples, table.name)


def _missing(rows: Sequence[Example], name: str) -> Iterator[Finding]:
    """Rows without a source, and rows with one but without a target: both are left out."""
    sourceless = sum(not row.text_a for row in rows)
    if sourceless:
        yield Finding(
            _severity(sourceless, len(rows)),
            "{count} of {total} rows of {name!r} have no source. They are left out.",
            {"count": sourceless, "total": len(rows), "name": name})
    lost = sum(bool(row.text_a) and not row.references for row in rows)
    if lost:
        yield Finding(
            _severity(lost, len(rows)),
            "{count} of {total} rows of {name!r} have a source but no text for it. They are left "
            "out.",
            {"count": lost, "total": len(rows), "name": name})


def _severity(count: int, total: int) -> Severity:
    return "error" if count == total else "warning"


def _equal_targets(rows: Sequence[Example], column: str) -> Iterator[Finding]:
    targets = {row.references for row in rows}
    if len(targets) == 1 and len(rows) > 1:
        yield Finding(
            "warning", "All {count} texts in column {column!r} are the same, {text!r}. Is it the "
            "right column?",
            {"count": len(rows), "column": column, "text": rows[0].references[0][:80]})


def _how_many(examples: Sequence[Example], name: str) -> Iterator[Finding]:
    counts = [len(example.references) for example in examples]
    if max(counts) > 1:
        yield Finding(
            "note", "{name!r} holds {count} examples with {mean:.1f} references on average and "
            "{most} at most.",
            {"name": name, "count": len(counts), "mean": sum(counts) / len(counts),
             "most": max(counts)})


def _parted_sources(examples: Sequence[Example], name: str) -> Iterator[Finding]:
    """Sources that are several examples, since other columns differ."""
    alike: dict[tuple[str, str], list[Example]] = defaultdict(list)
    for example in examples:
        alike[example.text_a, example.text_b].append(example)
    parted = [group for group in alike.values() if len(group) > 1]
    if parted:
        yield Finding(
            "note", "{count} source(s) of {name!r} are several examples each, since other columns "
            "differ ({columns}). Remove these columns if their texts are references of one.",
            {"count": len(parted), "name": name, "columns": ", ".join(_differing(parted))[:200]})


def _differing(groups: Sequence[Sequence[Example]]) -> list[str]:
    """The further columns in which examples of one source differ."""
    names = [name for name, _ in groups[0][0].more]
    return [name for name in names
            if any(len({example.text(name) for example in group}) > 1 for group in groups)]
