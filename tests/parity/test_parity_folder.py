"""A mistyped folder must not pass as a folder without differences."""

from pathlib import Path


def test_the_folder_holds_fixtures(parity_files: list[Path]) -> None:
    assert parity_files, "PARITY_FIXTURES names a folder without any fixture"
