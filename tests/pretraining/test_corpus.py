"""Files become token rows, once; bad files are refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from core.errors import DataError
from core.pretraining.corpus import TokenRows, read_texts, token_rows
from core.pretraining.recipe import read_recipe


@pytest.fixture
def tokenizer(recipe_values: dict[str, Any]) -> PreTrainedTokenizerBase:
    return AutoTokenizer.from_pretrained(recipe_values["start"])


def test_rows_hold_the_text(
    corpora: Path, recipe_values: dict[str, Any], tokenizer: Any, tmp_path: Path
) -> None:
    rows = token_rows(read_recipe(recipe_values), corpora, tokenizer, tmp_path)
    assert [part.shape[1] for part in (*rows.train, rows.held_out)] == [32] * 3
    assert all(
        (part[:, 0] == tokenizer.cls_token_id).all()
        and (part[:, -1] == tokenizer.sep_token_id).all()
        for part in (*rows.train, rows.held_out)
    )
    first = next(iter(read_texts(corpora / "plain.txt")))
    stream = np.concatenate([*rows.train, rows.held_out]).ravel().tolist()
    everything = " ".join(tokenizer.convert_ids_to_tokens(stream))
    assert " ".join(tokenizer.tokenize(first)) in everything
    assert 0.05 < len(rows.held_out) / sum(map(len, rows.train)) < 0.2
    assert rows.weights == [2.0, 1.0]


def test_what_was_tokenised_is_kept(
    corpora: Path,
    recipe_values: dict[str, Any],
    tokenizer: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recipe = read_recipe(recipe_values)
    first = token_rows(recipe, corpora, tokenizer, tmp_path)
    monkeypatch.setattr(
        "core.pretraining.corpus._tokenised", lambda *_: pytest.fail("tokenised again")
    )
    again = token_rows(recipe, corpora, tokenizer, tmp_path)
    assert all((a == b).all() for a, b in zip(first.train, again.train, strict=True))


def test_order_follows_the_weights_and_a_longer_training_begins_alike() -> None:
    rows = TokenRows(
        [np.zeros((30, 4), np.uint16), np.zeros((10, 4), np.uint16)],
        np.zeros((1, 4), np.uint16),
        [1, 3],
    )
    order = rows.order(6000, 5)
    assert abs((order[:, 0] == 0).mean() - 0.5) < 0.03
    assert (rows.order(9000, 5)[:6000] == order).all()
    assert (rows.order(6000, 6) != order).any()
    for source, source_rows in enumerate(rows.train):
        seen = order[order[:, 0] == source, 1]
        size = len(source_rows)
        turns = seen[: len(seen) // size * size].reshape(-1, size)
        assert (np.sort(turns) == np.arange(size)).all()
        assert (turns[0] != turns[1]).any()


@pytest.mark.parametrize(("name", "content", "message"), [
    ("a.txt", b"", "too little text"), ("a.txt", b"\n \n" * 90, "too little text"),
    ("a.txt", b"too short", "for one row"),
    ("a.txt", b"ok\nnot \0 text\n" * 50, "Line 2 of 'a.txt' holds binary data"),
    ("a.txt", "caf\u00e9 ".encode("latin-1") * 500, "is not UTF-8"),
    ("a.txt.zst", b"no frame" * 99, "cannot be unpacked"),
    ("b.txt", b"", "There is no file 'a.txt'"),
])
def test_bad_corpora_are_refused(
    name: str,
    content: bytes,
    message: str,
    recipe_values: dict[str, Any],
    tokenizer: Any,
    tmp_path: Path,
) -> None:
    (tmp_path / name).write_bytes(content)
    recipe = read_recipe({**recipe_values, "corpora": ["a.txt" if name == "b.txt" else name]})
    with pytest.raises(DataError, match=message) as caught:
        token_rows(recipe, tmp_path, tokenizer, tmp_path / "cache")
    assert str(tmp_path) not in str(caught.value)


def test_nothing_held_out_is_refused(
    tmp_path: Path, recipe_values: dict[str, Any], tokenizer: Any
) -> None:
    (tmp_path / "a.txt").write_text(
        "the dog is in the park and it was great " * 40, encoding="utf-8"
    )
    recipe = read_recipe({**recipe_values, "corpora": ["a.txt"], "held_out": 0.001})
    with pytest.raises(DataError, match="raise 'held_out'"):
        token_rows(recipe, tmp_path, tokenizer, tmp_path / "cache")
