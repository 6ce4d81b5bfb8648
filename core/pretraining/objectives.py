"""What a language model is taught: to find hidden tokens, to say missing spans, or to go on.

Each objective says how texts are framed in rows, and turns rows into answers of the model and what is right.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from transformers import PreTrainedTokenizerBase

from core.models.backbone import Backbone, Family
from core.models.batches import Batch
from core.models.scoring import answer_logits
from core.pretraining.recipe import OBJECTIVES as NAMES
from core.pretraining.recipe import Recipe
from core.randomness import rng

Ids = npt.NDArray[np.int64]
Answers = tuple[torch.Tensor, torch.Tensor]  # logits [M, V], and the right tokens [M]


class Objective(Protocol):
    """One way of learning language from text without labels."""

    family: Family

    def frame(self, tokenizer: PreTrainedTokenizerBase) -> tuple[list[int], int, list[int]]:
        """The tokens that begin a row, that end each text within it, and that end a row."""

    def answers(self, backbone: Backbone, rows: Ids, recipe: Recipe, *purpose: object) -> Answers:
        """Ask the model about `rows`, `[B, T]`; equal recipes and purposes ask the same."""


class Masked:
    """BERT's masked language modelling (arXiv 1810.04805, section 3.1)."""

    family: Family = "masked"

    def frame(self, tokenizer: PreTrainedTokenizerBase) -> tuple[list[int], int, list[int]]:
        """`[cls] text [sep] text … [sep]`."""
        return [int(tokenizer.cls_token_id)], int(tokenizer.sep_token_id), [int(tokenizer.sep_token_id)]

    def answers(self, backbone: Backbone, rows: Ids, recipe: Recipe, *purpose: object) -> Answers:
        """Only chosen tokens are asked for."""
        seen, chosen = hide(rows, recipe, backbone.tokenizer, *purpose)
        device = backbone.placement.device
        at, columns = (torch.from_numpy(each).to(device) for each in chosen.nonzero())
        ids = torch.from_numpy(seen).to(device)
        batch = Batch(ids, torch.ones_like(ids), at, columns, torch.zeros_like(ids))
        return answer_logits(backbone, batch), torch.from_numpy(rows[chosen]).to(device)


class Spans:
    """T5's span corruption (arXiv 1910.10683, section 3.1.4): missing spans are said, each after its sentinel."""

    family: Family = "seq2seq"

    def frame(self, tokenizer: PreTrainedTokenizerBase) -> tuple[list[int], int, list[int]]:
        """`text </s> text … </s>`."""
        return [], int(tokenizer.eos_token_id), [int(tokenizer.eos_token_id)]

    def answers(self, backbone: Backbone, rows: Ids, recipe: Recipe, *purpose: object) -> Answers:
        """Every token of the target is asked for; the decoder is shown those before it."""
        inputs, targets = corrupt(rows, recipe, backbone.tokenizer, *purpose)
        model: Any = backbone.model
        shown = np.insert(targets[:, :-1], 0, model.config.decoder_start_token_id, axis=1)
        ids, decoder_ids, gold = (torch.from_numpy(each).to(backbone.placement.device)
                                  for each in (inputs, shown, targets))
        with backbone.placement.autocast():
            logits = model(input_ids=ids, decoder_input_ids=decoder_ids, use_cache=False).logits
        return logits.float().flatten(0, 1), gold.flatten()


class Next:
    """GPT's language modelling: every token from those before it."""

    family: Family = "causal"

    def frame(self, tokenizer: PreTrainedTokenizerBase) -> tuple[list[int], int, list[int]]:
        """`text <eos> text …`."""
        return [], int(tokenizer.eos_token_id), []

    def answers(self, backbone: Backbone, rows: Ids, recipe: Recipe, *purpose: object) -> Answers:  # noqa: ARG002
        """All tokens but the first are asked for."""
        ids = torch.from_numpy(rows).to(backbone.placement.device)
        with backbone.placement.autocast():
            logits = backbone.model(input_ids=ids, use_cache=False).logits[:, :-1]
        return logits.float().flatten(0, 1), ids[:, 1:].flatten()


OBJECTIVES: dict[str, Objective] = dict(zip(NAMES, (Masked(), Spans(), Next()), strict=True))


def hide(rows: Ids, recipe: Recipe, tokenizer: PreTrainedTokenizerBase,
         *purpose: object) -> tuple[Ids, npt.NDArray[np.bool_]]:
    """Hide tokens of `rows`, `[B, T]`; return what is seen, and which tokens are to be found. Special tokens stay.

    Of the chosen tokens the share `masked` becomes the mask token, `random` becomes another token, the rest stays.
    """
    draws = rng(recipe.seed, "hide", *purpose)
    special = np.isin(rows, tokenizer.all_special_ids)
    chosen = (draws.random(rows.shape) < recipe.chosen) & ~special
    if not chosen.any():
        chosen.flat[int(np.flatnonzero(~special)[0]) if not special.all() else 0] = True
    fate = draws.random(rows.shape)
    seen = np.where(chosen & (fate < recipe.masked), tokenizer.mask_token_id, rows)
    other = chosen & (fate >= recipe.masked) & (fate < recipe.masked + recipe.random)
    seen[other] = draws.integers(len(tokenizer), size=int(other.sum()))
    return seen, chosen


def corrupt(rows: Ids, recipe: Recipe, tokenizer: PreTrainedTokenizerBase, *purpose: object) -> tuple[Ids, Ids]:
    """Take spans out of `rows`, `[B, T]`; return inputs and targets, both of one length in all rows.

    In the input each span is replaced by the next sentinel; the target holds each sentinel with its span, and the end
    token. The last token of a row, its end, is never taken out.
    """
    draws = rng(recipe.seed, "corrupt", *purpose)
    sentinels = sentinel_ids(tokenizer)
    length = rows.shape[1] - 1
    taken = min(max(round(length * recipe.chosen), 1), length - 1)
    spans = min(max(round(taken / recipe.span), 1), length - taken, len(sentinels))
    inputs, targets = [], []
    for row in rows:
        out, kept = _parts(taken, spans, draws), _parts(length - taken, spans, draws)
        ends = np.cumsum(np.column_stack([kept, out]).ravel())
        pieces = np.split(row[:-1], ends[:-1])
        inputs.append(np.concatenate([piece for at in range(spans)
                                      for piece in (pieces[2 * at], sentinels[at : at + 1])] + [row[-1:]]))
        targets.append(np.concatenate([piece for at in range(spans)
                                       for piece in (sentinels[at : at + 1], pieces[2 * at + 1])]
                                      + [np.array([tokenizer.eos_token_id])]))
    return np.stack(inputs), np.stack(targets)


def sentinel_ids(tokenizer: PreTrainedTokenizerBase) -> Ids:
    """Ids of `<extra_id_0>`, `<extra_id_1>` … as far as the tokenizer has them."""
    known = tokenizer.get_vocab()
    names = (f"<extra_id_{index}>" for index in range(len(known)))
    found = []
    for name in names:
        if name not in known:
            break
        found.append(known[name])
    return np.array(found, dtype=np.int64)


def _parts(total: int, count: int, draws: np.random.Generator) -> Ids:
    """`total` cut at random into `count` parts of at least one, each way equally likely."""
    cuts = np.sort(draws.choice(total - 1, count - 1, replace=False)) + 1
    return np.diff(cuts, prepend=0, append=total)
