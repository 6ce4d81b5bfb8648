"""Text files to rows of tokens: read once, tokenised once, kept beside the model as plain arrays.

Each file has one text a line. Whether a text is held out, never to be trained on, is decided by its
digest, which depends neither on its place nor on other texts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from transformers import PreTrainedTokenizerBase

from core.errors import DataError
from core.pretraining.objectives import OBJECTIVES
from core.pretraining.recipe import Recipe, Source
from core.randomness import rng

_TEXTS_AT_ONCE = 2000
Rows = npt.NDArray[np.uint16]  # [N, T]
Tokens = npt.NDArray[np.uint16]  # of one text


@dataclass(frozen=True)
class TokenRows:
    """Rows of T tokens.

    Attributes:
        train: the rows of each source, `[N, T]`.
        held_out: those of all sources that are never trained on, `[N, T]`.
        weights: of the sources.
    """

    train: list[Rows]
    held_out: Rows
    weights: list[float]

    def order(self, rows: int, seed: int) -> npt.NDArray[np.int64]:
        """Which rows are trained on, and when: `[rows, 2]` of source and row.

        A source of weight w has its rows seen w times as often as one of weight 1; no row comes
        again before all of its source have been seen.
        """
        pairs = zip(self.train, self.weights, strict=True)
        shares = np.array([len(source_rows) * weight for source_rows, weight in pairs])
        draws = rng(seed, "sources")
        sources = draws.choice(len(self.train), rows, p=shares / shares.sum())  # [rows]
        order = np.empty((rows, 2), dtype=np.int64)
        order[:, 0] = sources
        for source, source_rows in enumerate(self.train):
            places = np.flatnonzero(sources == source)
            order[places, 1] = _shuffled(len(source_rows), len(places), seed, source)
        return order

    def take(self, order: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The rows that `order`, `[B, 2]`, names, `[B, T]`."""
        return np.stack([self.train[source][row] for source, row in order]).astype(np.int64)


def _shuffled(size: int, count: int, seed: int, source: int) -> npt.NDArray[np.int64]:
    """`count` of the rows 0 to `size` - 1: all in random order, then all in another, and so on."""
    passes = -(-count // size)
    turns = [rng(seed, "rows", source, turn).permutation(size) for turn in range(passes)]
    return np.concatenate([*turns, np.empty(0, dtype=np.int64)])[:count]


def token_rows(recipe: Recipe, folder: Path, tokenizer: PreTrainedTokenizerBase,
               cache: Path) -> TokenRows:
    """Tokenise the recipe's files in `folder`, or read what was tokenised before from `cache`.

    Raises:
        DataError: a file is missing, empty or not text, or too short for a single row.
    """
    most = np.iinfo(np.uint16).max
    if len(tokenizer) > most:
        raise DataError("The vocabulary has {size} tokens; {limit} are the most that a recipe can "
                        "train.", size=len(tokenizer), limit=most)
    parts = [_source_rows(source, recipe, folder, tokenizer, cache) for source in recipe.corpora]
    train, held_out = map(list, zip(*parts, strict=True))
    if not any(map(len, held_out)):
        raise DataError("Too little text to hold any out. Give more text, or raise 'held_out' "
                        "({share}).", share=recipe.held_out)
    weights = [source.weight for source in recipe.corpora]
    return TokenRows(train, np.concatenate(held_out), weights)


def read_texts(path: Path) -> Iterator[str]:
    """The lines of a UTF-8 text file that are not blank; `.zst` files are unpacked.

    Raises:
        DataError: there is no such file, or it is not text.
    """
    if not path.is_file():
        raise DataError("There is no file {name!r}. Check its name and the folder of the corpora.",
                        name=path.name)
    try:
        for line in _lines(path):
            text = line.decode("utf-8").strip()
            if text:
                yield text
    except UnicodeDecodeError as error:
        raise DataError("{name!r} is not UTF-8 text ({why}). Convert it first.",
                        name=path.name, why=error.reason) from error
    except OSError as error:
        raise DataError("{name!r} cannot be unpacked: {why}",
                        name=path.name, why=str(error).split(chr(10))[0][:200]) from error


def _lines(path: Path) -> Iterator[bytes]:
    compression = "zstd" if path.suffix == ".zst" else None
    with pa.input_stream(str(path), compression=compression) as stream:
        for number, line in enumerate(_split_lines(stream), 1):
            if b"\0" in line:
                raise DataError("Line {line} of {name!r} holds binary data. Corpora are UTF-8 "
                                "text, one text a line.", line=number, name=path.name)
            yield line


def _split_lines(stream: pa.NativeFile) -> Iterator[bytes]:
    rest = b""
    while block := stream.read(1 << 20):
        *whole, rest = (rest + block).split(b"\n")
        yield from whole
    yield rest


def _source_rows(source: Source, recipe: Recipe, folder: Path, tokenizer: PreTrainedTokenizerBase,
                 cache: Path) -> tuple[Rows, Rows]:
    """Rows to train on and rows held out, kept in `cache` for this file, tokenizer and recipe."""
    path = folder / source.file
    kept = cache / _cache_name(source, recipe, path, tokenizer)
    if not kept.is_file():
        train, held_out = _make_rows(source, recipe, path, tokenizer)
        cache.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(".part.npz")
        np.savez(part, train=train, held_out=held_out)
        part.replace(kept)
    with np.load(kept, allow_pickle=False) as arrays:
        return arrays["train"], arrays["held_out"]


def _cache_name(source: Source, recipe: Recipe, path: Path,
                tokenizer: PreTrainedTokenizerBase) -> str:
    """A name that changes with all that decides the rows."""
    size = path.stat().st_size if path.is_file() else 0
    decisive = (source.file, size, len(tokenizer), recipe.start, recipe.objective, recipe.length,
                recipe.held_out)
    digest = hashlib.sha256("|".join(map(str, decisive)).encode()).hexdigest()[:12]
    return f"{Path(source.file).name}-{digest}.npz"


def _make_rows(source: Source, recipe: Recipe, path: Path,
               tokenizer: PreTrainedTokenizerBase) -> tuple[Rows, Rows]:
    parts: dict[bool, list[Tokens]] = {False: [], True: []}
    first, end, last = OBJECTIVES[recipe.objective].frame(tokenizer)
    for held, ids in _tokenised(read_texts(path), recipe.held_out, tokenizer, end):
        parts[held].append(ids)
    train, held_out = (_rowed(parts[held], recipe.length, first, last) for held in (False, True))
    if not len(train):
        raise DataError("{name!r} holds too little text for one row of {length} tokens.",
                        name=source.file, length=recipe.length)
    return train, held_out


def _tokenised(texts: Iterable[str], share: float, tokenizer: PreTrainedTokenizerBase,
               end: int) -> Iterator[tuple[bool, Tokens]]:
    """Of each text whether it is held out, and its tokens, `end` after them."""
    texts = iter(texts)
    while some := list(islice(texts, _TEXTS_AT_ONCE)):
        encoded = tokenizer(some, add_special_tokens=False, return_attention_mask=False,
                            return_token_type_ids=False, verbose=False)["input_ids"]
        for text, ids in zip(some, encoded, strict=True):
            digest = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
            yield digest < share * 2**32, np.array([*ids, end], dtype=np.uint16)


def _rowed(texts: list[Tokens], length: int, first: list[int], last: list[int]) -> Rows:
    """Texts one after the other, cut into rows between `first` and `last`, `[N, length]`.

    Tokens that do not fill a row are dropped.
    """
    inner = length - len(first) - len(last)
    stream = np.concatenate(texts) if texts else np.empty(0, dtype=np.uint16)
    rows = stream[: len(stream) // inner * inner].reshape(-1, inner)  # [N, inner]
    before, after = (np.tile(np.array(ids, dtype=np.uint16), (len(rows), 1))
                     for ids in (first, last))
    return np.concatenate([before, rows, after], axis=1)
