"""Messages for people: errors and findings give every value that their templates leave open."""

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
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
            if call.func.id.endswith("Error") and call.args:
                yield from faults_of_error(call)
            if call.func.id == "Finding" and len(call.args) == 3:
                yield from faults_of_finding(call)


def faults_of_error(call: ast.Call) -> Iterator[str]:
    """Values that the template of an error leaves open and no keyword gives."""
    template = call.args[0]
    given = {keyword.arg for keyword in call.keywords}
    if None in given or not isinstance(template, ast.Constant):
        return
    if isinstance(template.value, str) and (missing := open_values(template.value) - given):
        yield f"line {call.lineno}: {sorted(missing)} missing"


def faults_of_finding(call: ast.Call) -> Iterator[str]:
    """Differences between the template of a finding and its dictionary of values."""
    _, template, values = call.args
    if isinstance(template, ast.Constant) and isinstance(values, ast.Dict):
        given = {key.value for key in values.keys if isinstance(key, ast.Constant)}
        if differing := open_values(str(template.value)) ^ given:
            yield f"line {call.lineno}: {sorted(differing)} differ"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_open_value_is_given(path: Path) -> None:
    assert list(faults(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("fault", [
    'raise DataError("No {what}, no {way}.", what=1)',
    'Finding("note", "{count} rows", {"rows": 1})',
])
def test_a_fault_is_found(fault: str) -> None:
    assert list(faults(fault))


@pytest.mark.parametrize("sound", [
    'raise DataError("No {what!r} {{x}}.", what=1, more=2)',
    'Finding("note", "{count:,} rows", {"count": 1})',
    'raise ValueError(f"{x}")',
    "DataError(message, **values)",
])
def test_sound_messages_pass(sound: str) -> None:
    assert not list(faults(sound))
