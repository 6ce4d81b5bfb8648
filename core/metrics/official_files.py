"""Files for the official scripts of E2E, WebNLG and DART, which have METEOR and more."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from core.metrics.answers import TextAnswers

WEBNLG_REFERENCES = 3


def e2e_files(answers: TextAnswers) -> dict[str, str]:
    """The system's and the reference file of e2e-metrics, by name.

    The first has an output a line, the second the references of one example a line each and a blank
    line between examples. An example without references is in neither, since the script counts
    blank lines.
    """
    pairs = [(output, _lines(references))
             for output, references in zip(answers.outputs, answers.references, strict=True)]
    measured = [(output, references) for output, references in pairs if references]
    return {
        "system.txt": _text(_line(output) for output, _ in measured),
        "references.txt": "\n".join(_text(references) for _, references in measured),
    }


def webnlg_files(answers: TextAnswers) -> dict[str, str]:
    """`hypothesis` and `reference0` to `reference2` of the scripts of WebNLG and DART, by name.

    Each has a line for each example, blank where an example has fewer references.
    """
    references = [_lines(several) for several in answers.references]
    files = {"hypothesis": _text(map(_line, answers.outputs))}
    for place in range(WEBNLG_REFERENCES):
        files[f"reference{place}"] = _text(
            several[place] if place < len(several) else "" for several in references)
    return files


def write_files(files: dict[str, str], folder: Path) -> list[Path]:
    """Write files into a folder, in UTF-8 with plain line ends; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / name for name in files]
    for path in paths:
        path.write_bytes(files[path.name].encode())
    return paths


def _lines(texts: Iterable[str]) -> list[str]:
    return [line for line in map(_line, texts) if line]


def _line(text: str) -> str:
    """A text on one line."""
    return " ".join(text.split())


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
