"""Published files that were damaged at random: read, or refused with our errors."""

from __future__ import annotations

import json
import random
from pathlib import Path

import published_files as published
import pytest

from core.data.checks import check_task
from core.data.files import read_table
from core.data.forms import in_one_form
from core.data.task_files import task_from_files
from core.errors import ClozeLabError

FILES = {
    "e2e.csv": published.E2E,
    "webnlg.xml": published.WEBNLG,
    "enriched.xml": published.WEBNLG_ENRICHED,
    "dart.json": json.dumps(published.DART),
    "squad.json": json.dumps(published.SQUAD),
    "stsb.tsv": published.STSB,
}


def damaged(text: str, rng: random.Random) -> str:
    """The text with a piece removed, doubled, or replaced by other pieces of it."""
    for _ in range(rng.randrange(1, 4)):
        begin = rng.randrange(len(text))
        end = min(len(text), begin + rng.choice((1, 1, 3, 20, 200)))
        piece = text[begin:end]
        other = rng.choice(('"', "[", "{}", "null", "<lex>", "&", "|", "", piece * 2, "7"))
        text = text[:begin] + other + text[end:]
    return text


@pytest.mark.parametrize("name", FILES)
def test_damaged_files(name: str, tmp_path: Path) -> None:
    read, refusals = 0, []
    for seed in range(150):
        path = tmp_path / name
        path.write_text(damaged(FILES[name], random.Random(seed)), encoding="utf-8")
        try:
            in_one_form(read_table(path))
            check_task(task_from_files({"train": str(path), "test": str(path)}))
            read += 1
        except ClozeLabError as error:
            refusals.append(str(error))
    assert all(message.endswith((".", "?")) for message in refusals)
    assert refusals
    assert read > 3
