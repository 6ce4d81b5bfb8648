"""BERT's masked language modelling (arXiv 1810.04805, section 3.1): some tokens are hidden, the model finds them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from transformers import PreTrainedTokenizerBase

from core.models.encoding import Batch
from core.pretraining.recipe import Recipe
from core.randomness import rng

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Hidden:
    """A batch with tokens hidden, read at those, and what they were, `[M]`."""

    batch: Batch
    gold: torch.Tensor


def hide(rows: Ids, recipe: Recipe, tokenizer: PreTrainedTokenizerBase, device: str, *purpose: object) -> Hidden:
    """Hide tokens of `rows`, `[B, T]`; equal recipes and purposes hide the same ones. Special tokens stay.

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
    at, columns = chosen.nonzero()
    ids, places, where = (torch.from_numpy(each).to(device) for each in (seen, at, columns))
    batch = Batch(ids, torch.ones_like(ids), places, where, torch.zeros_like(ids))
    return Hidden(batch, torch.from_numpy(rows[chosen]).to(device))
