"""Five hundred bad patterns, label words, files and studies: the app refuses each clearly."""

import base64
import io
import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

SEED, EACH = 13, 125
WORDS = ("film", "soup", "on", "the", "whole", "it was", "很好", "été", "a 5%", "“so”", "\\n",
         "<b>", "'", "#1", "=")
GOOD_PATTERN = "{text_a} It was {mask}."
GOOD_WORDS = {"negative": ["terrible"], "positive": ["great"]}
UNCLEAR = re.compile(r"Traceback|File \"|Error\b|Exception|\bNone\b|object at 0x|went "
                     r"wrong|site-packages|/tmp/")
ROOT = re.escape(str(Path(__file__).resolve().parents[2]))
OUR_FRAME = re.compile(rf'File "{ROOT}/(?:app|core|ui)\b.*')

Call = tuple[str, dict[str, Any]]  # an endpoint and what it is asked


def soup(rng: random.Random) -> str:
    """Words in any order, without braces."""
    return " ".join(rng.choice(WORDS) for _ in range(rng.randrange(1, 8)))


def bad_pattern(rng: random.Random) -> Call:
    """A pattern that lacks something, or has something that no pattern may have."""
    at = rng.choice(("{text_a} ", f"{soup(rng)} {{text_a|strip_punctuation}} "))
    field = "".join(rng.choice("abcdefg_123 -.") for _ in range(rng.randrange(1, 9)))
    pattern = rng.choice((
        at + soup(rng), soup(rng) + " {mask}", soup(rng), " " * rng.randrange(5),
        at + "{mask} {text_b}", at + f"{{mask}} {{{field}}}", at + "{mask} {", at + "{mask} }",
        at + "{mask", at + "mask}", at + f"{{mask|{field}}}", f"{{text_a|{field}}} {{mask}}",
        "{text_a!r} {mask}", "{text_a:>10} {mask}", "{text_a.__class__} {mask}",
        "{text_a[0]} {mask}", "{{text_a}} {mask}", "{text_a} {{mask}}",
        at + "{mask}" * rng.randrange(20, 400),
        at + "{mask} " + "long " * rng.randrange(3_000, 90_000),
        "{text_a}{mask}\0" + "}" + soup(rng), "{{" * rng.randrange(1, 9) + "text_a} {mask}"))
    return "look", {"pattern": pattern, "words": GOOD_WORDS, "text": rng.choice(("", "Fine."))}


def bad_words(rng: random.Random) -> Call:
    """Label words of which at least one cannot be asked for."""
    odd = rng.choice(("", " ", "\t\n", ", ,",
                      "so very long that it has far too many tokens to ask for", "\u200b", "😀😀",
                      "\ud7ff\uffff", "x" * 4_000, "q" * rng.randrange(61, 90)))
    words: dict[str, Any] = dict(GOOD_WORDS)
    label = rng.choice(tuple(words))
    change = rng.randrange(5)
    if change == 0:
        words[label] = [odd]
    elif change == 1:
        words[label] = [*words[label], odd] if odd.strip(" ,\t\n") else []
    elif change == 2:
        del words[label]
    elif change == 3:
        words[soup(rng) + " label"] = ["fine"]
    else:
        words = {label: ["great"] for label in words}
    return "look", {"pattern": GOOD_PATTERN, "words": words, "text": rng.choice(("", "Fine."))}


def bad_file(rng: random.Random) -> Call:
    """A file that is no table."""
    rows = [{"text": soup(rng), "label": "good"} for _ in range(9)]
    parquet = io.BytesIO()
    pd.DataFrame(rows).to_parquet(parquet)
    lines = "\n".join(json.dumps(row) for row in rows)
    name, content = rng.choice((
        ("a.csv", b""), ("a.csv", b"\n" * rng.randrange(1, 99)), ("a.csv", b"text,label\n"),
        ("a.jsonl", b"[]"),
        ("a.csv", b"text,label\n" + b"a,b\n" * rng.randrange(9) + b'"never closed,good\n'),
        ("a.csv", b"text,label\nfine,good\n" + b"a,b,c,d\n" * rng.randrange(1, 9)),
        ("a.csv", b"c," * 5_000 + b"c\n" + b"1," * 5_000 + b"1\n"),
        ("a.jsonl", lines[:-rng.randrange(1, 9)].encode()), ("a.jsonl", b'{"text": NaN'),
        ("a.jsonl", b"[1, 2, 3]"),
        ("a.jsonl", b'{"a":' * rng.randrange(2_000, 50_000)), ("a.json", b'"only a string"'),
        ("a.parquet", parquet.getvalue()[: rng.randrange(4, 300)]),
        ("a.parquet", rng.randbytes(300)), ("a.parquet", b"PAR1" + rng.randbytes(90) + b"PAR1"),
        ("a.csv", b"PK\x03\x04" + rng.randbytes(200)),
        ("a.csv", b"\x89PNG\r\n\x1a\n" + rng.randbytes(400)), ("a.csv", bytes(range(32)) * 20),
        ("a.csv", b"\0" * rng.randrange(1, 999))))
    if rng.random() < 0.1:
        return "read_file", {"name": name, "content": "%" + "not base64!"}
    return "read_file", {"name": rng.choice(
        (name, "../../" + name, soup(rng)[:40].replace("/", "") + name)),
                         "content": base64.b64encode(content).decode()}


def bad_study(rng: random.Random) -> Call:
    """A study that cannot be run."""
    study: dict[str, Any] = {"task": "reviews", "methods": ["lm-bff"], "shots": [16], "seeds": [13],
                             "patterns": [{"pattern": GOOD_PATTERN, "words": GOOD_WORDS}]}
    key, value = rng.choice((
        ("task", soup(rng)), ("task", None), ("task", 7), ("task", "no/such-data-set"),
        ("methods", ["magic"]), ("methods", []), ("methods", "lm-bff, " + soup(rng)),
        ("methods", None), ("shots", [-1]), ("shots", [10**9]), ("shots", ["many"]),
        ("shots", [rng.randrange(2_000, 99_999)]), ("shots", [0]), ("seeds", []), ("seeds", [0.5]),
        ("seeds", ["x"]), ("seeds", list(range(99_999))), ("patterns", []), ("patterns", soup(rng)),
        ("patterns", [7]),
        ("patterns", [{"pattern": bad_pattern(rng)[1]["pattern"], "words": GOOD_WORDS}]),
        ("patterns", [{"pattern": GOOD_PATTERN, "words": {"negative": []}}]),
        ("patterns", [{"pattern": GOOD_PATTERN}]), ("model", soup(rng)), ("model", "../../etc"),
        ("model", {"a": 1}), ("options", [1]), ("test_limit", -3),
        ("options", {"lm-bff": {"steps": rng.choice((0, -1, 2.5, "ten", None, 10**12))}}),
        ("options", {"lm-bff": {"learning_rate": rng.choice((-1, 2, "fast", None, [], ["fast"]))}}),
        ("options", {"lm-bff": {soup(rng): 1}}), ("options", {soup(rng): {}}),
        ("test_limit", "all"), (soup(rng), 1), ("seed", 13)))
    return "plan_study", {"study": {**study, key: value}}


@pytest.mark.parametrize("make", [bad_pattern, bad_words, bad_file, bad_study])
def test_bad_input_is_refused_in_clear_words(app: Any,
                                             make: Callable[[random.Random], Call]) -> None:
    client = Client(app.url, verbose=False)
    rng = random.Random(SEED)
    accepted, unclear = [], []
    for _ in range(EACH):
        endpoint, asked = make(rng)
        try:
            accepted.append((asked, client.predict(**asked, api_name="/" + endpoint)))
        except AppError as error:
            expected = str(error)
            if not 20 <= len(expected) <= 800 or UNCLEAR.search(expected):
                unclear.append((str(asked)[:300], expected[:300]))
    assert not unclear
    assert not [(str(asked)[:300], answer) for asked, answer in accepted]
    assert client.predict(GOOD_PATTERN, GOOD_WORDS, "Fine.",
                          api_name="/look")["label_probabilities"]
    assert not OUR_FRAME.findall(Path(app.log.name).read_text(encoding="utf-8"))
