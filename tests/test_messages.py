"""Messages for people: every value that a template leaves open is given, in errors and in findings."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted([*(ROOT / "core").rglob("*.py"), *(ROOT / "ui").rglob("*.py")])


def open_values(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def faults(text: str) -> Iterator[str]:
    """Calls of errors and findings whose templates and values do not agree."""
    for call in ast.walk(ast.parse(text)):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            continue
        if call.func.id.endswith("Error") and call.args and isinstance(call.args[0], ast.Constant):
            given = {each.arg for each in call.keywords}
            if None not in given and isinstance(call.args[0].value, str):
                missing = open_values(call.args[0].value) - given
                if missing:
                    yield f"line {call.lineno}: {sorted(missing)} missing"
        if call.func.id == "Finding" and len(call.args) == 3 and isinstance(call.args[1], ast.Constant) \
                and isinstance(call.args[2], ast.Dict):
            given = {key.value for key in call.args[2].keys if isinstance(key, ast.Constant)}
            if open_values(str(call.args[1].value)) != given:
                yield f"line {call.lineno}: {sorted(open_values(str(call.args[1].value)) ^ given)} differ"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_open_value_is_given(path: Path) -> None:
    assert list(faults(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("fault", [
    'raise DataError("No {what}, no {way}.", what=1)', 'Finding("note", "{count} rows", {"rows": 1})',
])
def test_a_fault_is_found(fault: str) -> None:
    assert list(faults(fault))


@pytest.mark.parametrize("sound", [
    'raise DataError("No {what!r} {{x}}.", what=1, more=2)', 'Finding("note", "{count:,} rows", {"count": 1})',
    'raise ValueError(f"{x}")', "DataError(message, **values)",
])
def test_sound_messages_pass(sound: str) -> None:
    assert not list(faults(sound))
