"""Findings about a task's files: a line each on standard error, beside the result."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]

SOUND = "".join(f"Film number {at} was {'so great' if at % 2 else 'so bad'}.,{at % 2}\n"
                for at in range(16))
RUSSIAN = "".join(f"Это {'отличный' if at % 2 else 'ужасный'} фильм номер {at},{at % 2}\n"
                  for at in range(16))
WORDS = {"0": ["terrible"], "1": ["great"]}
CASES = [
    (f"text,label\n{RUSSIAN}".encode("cp1251"),
     "note: 'films.csv' was read as cp1251, which is a guess: 'Это ужасный фильм номер 0,0'."),
    (f"text,label\n{SOUND}text,label\nA last one.,1\n".encode(),
     "warning: 1 row(s) of 'films.csv' repeat the names of the columns"),
    (f"text,label\n{SOUND}{SOUND}".encode(),
     "warning: 8 row(s) of 'train' repeat the text and label of an earlier row."),
    (f"text,label\n{SOUND},1\n".encode(), "warning: Column 'text' is empty in 1 of 17 rows."),
]


@pytest.fixture
def films(tmp_path: Path) -> Callable[[bytes], Path]:
    """Writes a file of films."""
    def write(content: bytes) -> Path:
        path = tmp_path / "films.csv"
        path.write_bytes(content)
        return path
    return write


def arguments_of(command: str, film: Path, write_study: Callable[..., Path], model: str,
                 data: Path) -> list[object]:
    """A command on the file of films."""
    if command == "look":
        words = "0=terrible;1=great"
        return ["look", "--task", film, "--pattern", "{text_a} It was {mask}.", "--words", words,
                "--model", model]
    keys = {"task": {"train": str(film)}, "shots": 1, "seeds": [1],
            "patterns": [{"pattern": "{text_a} It was {mask}.", "words": WORDS}]}
    if command == "run":
        return ["run", write_study(**keys, methods=["zero-shot"]), "--data-dir", data]
    few = {"k": 4, "n": 2, "rerank": 1, "steps": 1, "evaluate_every": 1}
    return ["search", "words", write_study(**keys, search={"words": few}), "--data-dir", data]


@pytest.mark.parametrize("command", ["look", "run", "search"])
@pytest.mark.parametrize(("content", "expected"), CASES)
def test_every_command_tells_them(command: str, content: bytes, expected: str, run: Run,
                                  films: Callable[[bytes], Path], tiny_model: str,
                                  write_study: Callable[..., Path], tmp_path: Path) -> None:
    arguments = arguments_of(command, films(content), write_study, tiny_model, tmp_path / "data")
    status, out, err = run(*arguments, "--json")
    assert status == 0, err
    assert json.loads(out)
    assert sum(line.startswith(expected) for line in err.splitlines()) == 1


def test_sound_files_are_not_talked_about(run: Run, films: Callable[[bytes], Path], tiny_model: str,
                                          write_study: Callable[..., Path], tmp_path: Path) -> None:
    film = films(f"text,label\n{SOUND}".encode())
    _, out, err = run(*arguments_of("look", film, write_study, tiny_model, tmp_path))
    assert out.startswith("accuracy ")
    assert err == ""
