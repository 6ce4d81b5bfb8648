"""Text files to rows of tokens: read once, tokenised once, kept beside the model as plain arrays.

Each file has one text a line. A text is held out, never to be trained on, if its digest says so, which does not depend
on its place or on other texts.
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
Rows = npt.NDArray[np.uint16]


@dataclass(frozen=True)
class TokenRows:
    """Rows of `length` tokens of all sources, `[N, length]` each, and the weights of the sources."""

    train: list[Rows]
    held_out: Rows
    weights: list[float]

    def order(self, rows: int, seed: int) -> npt.NDArray[np.int64]:
        """Which rows are seen, and when: `[rows, 2]` of source and row.

        A source of weight w has its rows seen w times as often as one of weight 1; no row comes again before all of its
        source have been seen.
        """
        shares = np.array([len(each) * weight for each, weight in zip(self.train, self.weights, strict=True)])
        sources = rng(seed, "sources").choice(len(self.train), rows, p=shares / shares.sum())
        found = np.empty((rows, 2), dtype=np.int64)
        for source, each in enumerate(self.train):
            places = np.flatnonzero(sources == source)
            passes = -(-len(places) // len(each))
            order = [rng(seed, "rows", source, turn).permutation(len(each)) for turn in range(passes)]
            found[places, 0] = source
            found[places, 1] = np.concatenate(order)[: len(places)] if passes else []
        return found

    def take(self, order: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The rows of `order`, `[B, length]`."""
        return np.stack([self.train[source][row] for source, row in order]).astype(np.int64)


def token_rows(recipe: Recipe, folder: Path, tokenizer: PreTrainedTokenizerBase, cache: Path) -> TokenRows:
    """Tokenise the recipe's files, which lie in `folder`, or read what was tokenised before.

    Raises:
        DataError: a file is missing, empty or not text, or too short for a single row.
    """
    if len(tokenizer) > np.iinfo(np.uint16).max:
        raise DataError("The vocabulary has {size} tokens; {limit} are the most that a recipe can train.",
                        size=len(tokenizer), limit=np.iinfo(np.uint16).max)
    pairs = [_rows_of(source, recipe, folder / source.file, tokenizer, cache) for source in recipe.corpora]
    if not sum(len(held) for _, held in pairs):
        raise DataError("Too little text to hold any out. Give more text, or raise 'held_out' ({share}).",
                        share=recipe.held_out)
    return TokenRows([train for train, _ in pairs], np.concatenate([held for _, held in pairs]),
                     [source.weight for source in recipe.corpora])


def read_texts(path: Path) -> Iterator[str]:
    """The lines of a UTF-8 text file that hold anything; `.zst` files are unpacked on the way.

    Raises:
        DataError: there is no such file, or it is not text.
    """
    if not path.is_file():
        raise DataError("There is no file {name!r}. Check its name and the folder of the corpora.", name=path.name)
    try:
        with pa.input_stream(str(path), compression="zstd" if path.suffix == ".zst" else None) as stream:
            for number, line in enumerate(_lines(stream), 1):
                if b"\0" in line:
                    raise DataError("Line {line} of {name!r} holds binary data. Corpora are UTF-8 text, one text a "
                                    "line.", line=number, name=path.name)
                text = line.decode("utf-8").strip()
                if text:
                    yield text
    except UnicodeDecodeError as error:
        raise DataError("{name!r} is not UTF-8 text ({why}). Convert it first.", name=path.name,
                        why=error.reason) from error
    except OSError as error:
        raise DataError("{name!r} cannot be unpacked: {why}", name=path.name,
                        why=str(error).split(chr(10))[0][:200]) from error


def _lines(stream: pa.NativeFile) -> Iterator[bytes]:
    rest = b""
    while block := stream.read(1 << 20):
        *whole, rest = (rest + block).split(b"\n")
        yield from whole
    yield rest


def _rows_of(source: Source, recipe: Recipe, path: Path, tokenizer: PreTrainedTokenizerBase,
             cache: Path) -> tuple[Rows, Rows]:
    """Rows to train on and rows held out, kept in `cache` for this file, tokenizer and recipe."""
    size = path.stat().st_size if path.is_file() else 0
    mark = f"{source.file}|{size}|{len(tokenizer)}|{recipe.start}|{recipe.objective}|{recipe.length}|{recipe.held_out}"
    kept = cache / f"{Path(source.file).name}-{hashlib.sha256(mark.encode()).hexdigest()[:12]}.npz"
    if not kept.is_file():
        parts: dict[bool, list[npt.NDArray[np.uint16]]] = {False: [], True: []}
        first, end, last = OBJECTIVES[recipe.objective].frame(tokenizer)
        for held, ids in _tokenised(read_texts(path), recipe.held_out, tokenizer, end):
            parts[held].append(ids)
        train, held_out = (_rowed(parts[held], recipe.length, first, last) for held in (False, True))
        if not len(train):
            raise DataError("{name!r} holds too little text for one row of {length} tokens.", name=source.file,
                            length=recipe.length)
        cache.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(".part.npz")
        np.savez(part, train=train, held_out=held_out)
        part.replace(kept)
    with np.load(kept, allow_pickle=False) as found:
        return found["train"], found["held_out"]


def _tokenised(texts: Iterable[str], share: float, tokenizer: PreTrainedTokenizerBase,
               end: int) -> Iterator[tuple[bool, npt.NDArray[np.uint16]]]:
    texts = iter(texts)
    while some := list(islice(texts, _TEXTS_AT_ONCE)):
        encoded = tokenizer(some, add_special_tokens=False, return_attention_mask=False,
                            return_token_type_ids=False, verbose=False)["input_ids"]
        for text, ids in zip(some, encoded, strict=True):
            digest = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
            yield digest < share * 2**32, np.array([*ids, end], dtype=np.uint16)


def _rowed(texts: list[npt.NDArray[np.uint16]], length: int, first: list[int], last: list[int]) -> Rows:
    """Texts one after the other, cut into rows between `first` and `last`, `[N, length]`; what is over is dropped."""
    inner = length - len(first) - len(last)
    stream = np.concatenate(texts) if texts else np.empty(0, dtype=np.uint16)
    rows = stream[: len(stream) // inner * inner].reshape(-1, inner)
    ends = [np.tile(np.array(each, dtype=np.uint16), (len(rows), 1)) for each in (first, last)]
    return np.concatenate([ends[0], rows, ends[1]], axis=1)
