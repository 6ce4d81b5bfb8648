"""Model cards are read as text, and fetch nothing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from core.models.cards import model_card
from core.models.model_files import bundled_names


@pytest.mark.parametrize("name", bundled_names())
def test_bundled_models_have_a_card(name: str) -> None:
    card = model_card(name)
    assert card.startswith(f"# {name}")
    for part in ("## Training", "## Quality", "## Limits", "## Licence"):
        assert part in card


def test_front_matter_and_pictures_are_left_out(saved: Callable[[str], Path]) -> None:
    folder = saved("bert")
    (folder / "README.md").write_text(
        "---\ntags: [a]\n---\n# Mine ![x](https://a.b/c.png)\n<img src='https://a.b'>Good",
        encoding="utf-8",
    )
    assert model_card(str(folder)) == "# Mine \nGood"


def test_where_there_is_no_card(saved: Callable[[str], Path], tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("no model", encoding="utf-8")
    folder = saved("bert")
    (folder / "README.md").write_bytes(b"\xff\xfe\x00")
    assert [
        model_card(name) for name in (str(tmp_path), str(folder), "a/b", "", "\0", "x" * 9000)
    ] == [""] * 6
