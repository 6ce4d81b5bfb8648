"""What a language model learns: to predict hidden tokens, missing spans, or the next token.

Each objective frames texts in rows, and turns rows into logits and the right tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count, takewhile
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from transformers import PreTrainedTokenizerBase

from core.models.backbone import Backbone
from core.models.batches import Batch
from core.models.families import Family
from core.models.scoring import answer_logits
from core.pretraining.recipe import OBJECTIVES as NAMES
from core.pretraining.recipe import Recipe
from core.randomness import rng

Ids = npt.NDArray[np.int64]
Answers = tuple[torch.Tensor, torch.Tensor]  # logits [M, V], and the right tokens [M]
Frame = tuple[list[int], int, list[int]]


class Objective(Protocol):
    """One way of learning language from text without labels."""

    family: Family

    def frame(self, tokenizer: PreTrainedTokenizerBase) -> Frame:
        """The tokens that begin a row, that end each text within it, and that end a row."""

    def answers(self, backbone: Backbone, rows: Ids, recipe: Recipe, *purpose: object) -> Answers:
        """Logits `[M, V]` of the M predicted tokens of `rows`, `[B, T]`, and the right ones `[M]`.

        Which tokens are predicted is drawn anew for each recipe and purpose.
        """


class Masked:
    """BERT's masked language modelling (arXiv 1810.04805, section 3.1)."""

    family: Family = "masked"

    def frame(self, tokenizer: PreTrainedTokenizerBase) -> Frame:
        """`[cls] text [sep] text … [sep]`."""
        end = int(tokenizer.sep_token_id)
        return [int(tokenizer.cls_token_id)], end, [end]

    def answers(self, backbone: Backbone, rows: Ids, recipe: Recipe, *purpose: object) -> Answers:
        """Only the chosen tokens are predicted."""
        seen, chosen = hide(rows, recipe, backbone.tokenizer, *purpose)
        device = backbone.placement.device
        at, columns = (torch.from_numpy(places).to(device) for places in chosen.nonzero())  # [M]
        ids = torch.from_numpy(seen).to(device)  # [B, T]
        batch = Batch(ids, torch.ones_like(ids), at, columns, torch.zeros_like(ids))
        return answer_logits(backbone, batch), torch.from_numpy(rows[chosen]).to(device)


class Spans:
    """T5's span corruption (arXiv 1910.10683, section 3.1.4): spans, each after its sentinel."""

    family: Family = "seq2seq"

    def frame(self, tokenizer: PreTrainedTokenizerBase) -> Frame:
        """`text </s> text … </s>`."""
        end = int(tokenizer.eos_token_id)
        return [], end, [end]

    def answers(self, backbone: Backbone, rows: Ids, recipe: Recipe, *purpose: object) -> Answers:
        """Every token of the target is predicted; the decoder reads those before it."""
        inputs, targets = corrupt(rows, recipe, backbone.tokenizer, *purpose)
        model: Any = backbone.model
        shown = np.insert(targets[:, :-1], 0, model.config.decoder_start_token_id, axis=1)
        device = backbone.placement.device
        ids, decoder_ids, gold = (
            torch.from_numpy(tokens).to(device) for tokens in (inputs, shown, targets))
        with backbone.placement.autocast():
            logits = model(input_ids=ids, decoder_input_ids=decoder_ids, use_cache=False).logits
        return logits.float().flatten(0, 1), gold.flatten()  # [B * S, V], [B * S]


class Next:
    """GPT's language modelling: every token from those before it."""

    family: Family = "causal"

    def frame(self, tokenizer: PreTrainedTokenizerBase) -> Frame:
        """`text <eos> text …`."""
        return [], int(tokenizer.eos_token_id), []

    def answers(
        self, backbone: Backbone, rows: Ids, recipe: Recipe, *purpose: object,  # noqa: ARG002
    ) -> Answers:
        """All tokens but the first are predicted."""
        ids = torch.from_numpy(rows).to(backbone.placement.device)
        with backbone.placement.autocast():
            logits = backbone.model(input_ids=ids, use_cache=False).logits[:, :-1]  # [B, T - 1, V]
        return logits.float().flatten(0, 1), ids[:, 1:].flatten()


OBJECTIVES: dict[str, Objective] = dict(zip(NAMES, (Masked(), Spans(), Next()), strict=True))


def hide(rows: Ids, recipe: Recipe, tokenizer: PreTrainedTokenizerBase,
         *purpose: object) -> tuple[Ids, npt.NDArray[np.bool_]]:
    """Hide tokens of `rows`, `[B, T]`, that are not special, at least one.

    Of the chosen tokens the share `masked` becomes the mask token, `random` becomes another token,
    the rest stays.

    Returns:
        What the model reads and which tokens it is to predict, both `[B, T]`.
    """
    draws = rng(recipe.seed, "hide", *purpose)
    special = np.isin(rows, tokenizer.all_special_ids)
    chosen = (draws.random(rows.shape) < recipe.chosen) & ~special
    if not chosen.any():
        chosen.flat[0 if special.all() else int(np.flatnonzero(~special)[0])] = True
    fate = draws.random(rows.shape)
    seen = np.where(chosen & (fate < recipe.masked), tokenizer.mask_token_id, rows)
    other = chosen & (fate >= recipe.masked) & (fate < recipe.masked + recipe.random)
    seen[other] = draws.integers(len(tokenizer), size=int(other.sum()))
    return seen, chosen


def corrupt(rows: Ids, recipe: Recipe, tokenizer: PreTrainedTokenizerBase,
            *purpose: object) -> tuple[Ids, Ids]:
    """Take spans out of `rows`, `[B, T]`; return inputs and targets, `[B, …]`, without padding.

    In the input each span is replaced by the next sentinel; the target holds each sentinel with its
    span, and the end token. The last token of a row, its end, is never taken out.
    """
    draws = rng(recipe.seed, "corrupt", *purpose)
    sentinels = sentinel_ids(tokenizer)
    length = rows.shape[1] - 1
    taken = min(max(round(length * recipe.chosen), 1), length - 1)
    spans = min(max(round(taken / recipe.span), 1), length - taken, len(sentinels))
    marks = [sentinels[index : index + 1] for index in range(spans)]
    end = np.array([tokenizer.eos_token_id])
    inputs, targets = [], []
    for row in rows:
        kept, out = _kept_and_taken(row[:-1], taken, spans, draws)
        inputs.append(np.concatenate([*_alternating(kept, marks), row[-1:]]))
        targets.append(np.concatenate([*_alternating(marks, out), end]))
    return np.stack(inputs), np.stack(targets)


def sentinel_ids(tokenizer: PreTrainedTokenizerBase) -> Ids:
    """Ids of `<extra_id_0>`, `<extra_id_1>` … as far as the tokenizer has them."""
    known = tokenizer.get_vocab()
    names = takewhile(known.__contains__, (f"<extra_id_{number}>" for number in count()))
    return np.array([known[name] for name in names], dtype=np.int64)


def _kept_and_taken(row: Ids, taken: int, spans: int,
                    draws: np.random.Generator) -> tuple[list[Ids], list[Ids]]:
    """Cut a row at random into `spans` pieces that stay, and as many after them that do not."""
    out = _parts(taken, spans, draws)
    kept = _parts(len(row) - taken, spans, draws)
    ends = np.cumsum(np.column_stack([kept, out]).ravel())
    pieces = np.split(row, ends[:-1])
    return pieces[::2], pieces[1::2]


def _alternating(first: Sequence[Ids], second: Sequence[Ids]) -> list[Ids]:
    return [piece for pair in zip(first, second, strict=True) for piece in pair]


def _parts(total: int, count: int, draws: np.random.Generator) -> Ids:
    """`total` cut at random into `count` parts of at least one, each way equally likely."""
    cuts = np.sort(draws.choice(total - 1, count - 1, replace=False)) + 1
    return np.diff(cuts, prepend=0, append=total)
