"""Both languages say the same things: every string that people read has its Chinese, with the same placeholders."""

import ast
import string
from pathlib import Path

import pytest

from ui.chinese import CHINESE
from ui.text import translate

ROOT = Path(__file__).resolve().parents[2]
SPOKEN = {"say", "label"}


def spoken_strings(path: Path) -> set[str]:
    """Literal strings that a module hands to `say` or `label`."""
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    return {call.args[0].value for call in calls if call.args and getattr(call.func, "id", "") in SPOKEN
            and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)}


def test_strings_are_found() -> None:
    assert "Keep as variant" in spoken_strings(ROOT / "ui" / "lab" / "variants.py")


@pytest.mark.parametrize("path", sorted((ROOT / "ui").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_string_of_the_page_has_its_chinese(path: Path) -> None:
    assert {text for text in spoken_strings(path) if text.strip() and text not in CHINESE} == set()


def test_translations_keep_their_placeholders() -> None:
    def fields(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}
    assert [key for key, value in CHINESE.items() if "{" in key and fields(key) != fields(value)] == []


def test_other_languages_are_english() -> None:
    assert translate("Pattern", "en") == "Pattern"
    assert translate("Pattern", "zh") == "模式"
