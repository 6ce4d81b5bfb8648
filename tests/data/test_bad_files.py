"""Three hundred bad files, made at random from fixed seeds: read, or refused with our errors."""

import io
import json
import random

import pandas as pd
import pytest

from core.data.checks import check_table, check_task
from core.data.columns import guess_columns
from core.data.files import DataLimits, read_table
from core.data.task_tables import task_from_tables
from core.errors import ClozeLabError

SUFFIXES = (".csv", ".tsv", ".txt", ".jsonl", ".json", ".parquet", "")
ENCODINGS = (
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "cp1252",
    "gb18030",
    "utf-32",
)
WORDS = (
    "good",
    "schön",
    "很好",
    "été",
    '"',
    '""',
    "'",
    ",",
    ";",
    "\t",
    "|",
    "\n",
    "\r",
    "\\",
    "\u2028",
    "{",
    "[",
    "1",
)
LIMITS = DataLimits(rows=200, file_bytes=300_000, text_characters=2_000)


def words(rng):
    return "".join(rng.choice((*WORDS, " ")) for _ in range(rng.randrange(12)))


def sound(rng):
    rows = [
        {"text": f"{words(rng)} {at}", "label": rng.choice("01")}
        for at in range(rng.randrange(1, 30))
    ]
    if rng.random() < 0.3:
        written = io.BytesIO()
        pd.DataFrame(rows).to_parquet(written)
        return written.getvalue()
    if rng.random() < 0.4:
        text = "\n".join(json.dumps(row, ensure_ascii=rng.random() < 0.5) for row in rows)
    else:
        text = pd.DataFrame(rows).to_csv(
            index=False, sep=rng.choice(",;\t|"), header=rng.random() < 0.8
        )
    return text.encode(rng.choice(ENCODINGS), "replace")


def random_bytes(rng):
    return rng.randbytes(rng.randrange(2000))


def truncated(rng):
    data = sound(rng)
    return data[: rng.randrange(len(data) + 1)]


def damaged(rng):
    data = bytearray(sound(rng))
    for _ in range(rng.randrange(1, 20)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


def mixed_encodings(rng):
    return b"".join(
        words(rng).encode(rng.choice(ENCODINGS), "replace") + rng.choice((b",", b"\n"))
        for _ in range(40)
    )


def word_soup(rng):
    return (
        "text,label\n" * rng.randrange(2)
        + "".join(words(rng) + rng.choice(",\n\t") for _ in range(60))
    ).encode()


def nested(rng):
    depth = rng.choice((10, 900, 1100, 50_000))
    opening, closing = rng.choice((("[", "]"), ('{"a":', "}")))
    return (
        '{"text": ' + opening * depth + "1" + closing * depth * rng.randrange(2) + "}\n"
    ).encode()


def huge(rng):
    line = rng.choice(("x", '"', ",", "\t", "很", "\n", '{"a":1}\n', "[{},", "9")) * rng.choice(
        (5_000, 140_000)
    )
    return (rng.choice(("text,label\n", "", "[")) + line).encode()


MAKERS = (sound, random_bytes, truncated, damaged, mixed_encodings, word_soup, nested, huge)


def use(path, rng):
    """Read a file, make a task of it and check both; return all that a person would read."""
    table = read_table(path, LIMITS, header=rng.choice((None, None, True, False)))
    columns = guess_columns(table)
    findings = check_table(table, columns)
    task = task_from_tables("bad", table, columns, limits=LIMITS)
    assert all(
        example.text_a and example.label in task.schema.labels
        for example in (*task.train, *task.test)
    )
    return "\n".join(map(str, [*findings, *check_task(task)]))


@pytest.mark.parametrize("seed", range(300))
def test_bad_file(tmp_path, seed):
    rng = random.Random(seed)
    path = tmp_path / f"file{rng.choice(SUFFIXES)}"
    path.write_bytes(MAKERS[seed % len(MAKERS)](rng))
    try:
        shown = use(path, rng)
    except ClozeLabError as error:
        shown = str(error)
    assert str(tmp_path) not in shown
    assert len(shown.encode()) < 3000  # and it can be written: no half characters


def test_sound_files_are_read(tmp_path):
    """Guards the test above: a reader that refused everything would pass it."""
    for seed in range(60):
        path = tmp_path / f"{seed}"
        path.write_bytes(sound(random.Random(seed)))
        assert read_table(path).rows
