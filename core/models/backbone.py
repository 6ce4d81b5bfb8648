"""Pretrained language models: masked, seq2seq and causal ones all answer with logits `[M, V]`.

A loaded backbone is shared and read-only; what trains works on `trainable_copy()`, made in memory.
Where a CPU multiplies faster in bfloat16, backbones that only answer hold their weights in it.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from core.models.families import Family
from core.models.placement import Placement

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass(eq=False)
class Backbone:
    """A tokenizer and a model of a known family, on a device.

    Attributes:
        name: as the person gave it.
        family: how it answers.
        tokenizer: of transformers, a fast one.
        model: of transformers, in evaluation mode.
        placement: device and precision.
        max_length: the most tokens a prompt may have.
        pieces: token ids of strings seen before, kept by `core.models.pieces`.
        rows: each token's row in the vocabulary of the model, `[V]`, where only some rows are
            there (`core.models.compact`).
        shares_start: prompts that begin alike may share the states of their beginning
            (`core.models.shared_start`).
        exact: the model in float32, where `model` holds its weights in bfloat16; what is trained,
            and logits, come from it.
    """

    name: str
    family: Family
    tokenizer: PreTrainedTokenizerBase
    model: PreTrainedModel
    placement: Placement
    max_length: int
    pieces: dict[tuple[str, bool], list[int]] = field(default_factory=dict, repr=False)
    rows: torch.Tensor | None = field(default=None, repr=False)
    shares_start: bool = False
    exact: PreTrainedModel | None = field(default=None, repr=False)

    @property
    def width(self) -> int:
        """H, the hidden width."""
        config: Any = self.model.config.get_text_config()
        return int(getattr(config, "hidden_size", None) or config.d_model)

    @property
    def vocabulary_size(self) -> int:
        """V, the rows of the model's embedding; the tokenizer may have more tokens or fewer."""
        if self.rows is not None:
            return len(self.rows)
        table: Any = self.model.get_input_embeddings()
        return int(table.weight.shape[0])

    @property
    def padding_id(self) -> int:
        """A token to fill batches with; it is masked out, so any that has a row will do."""
        token = self.tokenizer.pad_token_id
        return token if token is not None and token < self.vocabulary_size else 0

    @property
    def parameters(self) -> int:
        """How many parameters the model has."""
        return sum(parameter.numel() for parameter in self.model.parameters())

    def trainable_copy(self) -> Backbone:
        """A copy whose weights may change; made in memory, never by loading again."""
        source = self.in_float32()
        return replace(source, model=copy.deepcopy(source.model).requires_grad_(True))

    def for_answers(self) -> Backbone:
        """The same model with its weights in the form in which this machine answers fastest.

        Only the weights become bfloat16: of the positions' frequencies, which are no weights,
        half the digits would be lost.
        """
        import torch

        if not self.placement.holds_bfloat16 or self.exact is not None:
            return self
        rounded = copy.deepcopy(self.model)
        for weight in rounded.parameters():
            weight.data = weight.data.to(torch.bfloat16)
        return replace(self, model=rounded, exact=self.model)

    def in_float32(self) -> Backbone:
        """The same model with its weights in float32, as it was loaded."""
        return self if self.exact is None else replace(self, model=self.exact, exact=None)
