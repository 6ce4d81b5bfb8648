"""Encoded prompts of different lengths to the tensors that models read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from core.errors import ModelError
from core.models.backbone import Backbone
from core.models.encoding import Encoded


@dataclass(slots=True)
class Batch:
    """B encoded prompts, padded on the right to the longest of them, with M answers in all.

    Attributes:
        ids: token ids, `[B, T]`.
        attention: 1 where there is a token, 0 where there is padding, `[B, T]`.
        rows: the prompt of each answer, `[M]`.
        columns: the position in the prompt where each answer is read, `[M]`.
        type_ids: `[B, T]`, or None where the model has none.
        decoder_ids: for seq2seq models what the decoder reads before each answer, `[M, S]`.
        decoder_columns: the decoder position of each answer, `[M]`.
    """

    ids: torch.Tensor
    attention: torch.Tensor
    rows: torch.Tensor
    columns: torch.Tensor
    type_ids: torch.Tensor | None = None
    decoder_ids: torch.Tensor | None = None
    decoder_columns: torch.Tensor | None = None


def collate(encoded: Sequence[Encoded], backbone: Backbone, device: str | None = None) -> Batch:
    """Pad B prompts to the longest and gather where the M answers are read.

    Raises:
        ModelError: a token has no row in the model's embedding.
    """
    where = device or backbone.placement.device
    answers = [(row, place) for row, prompt in enumerate(encoded) for place in prompt.masks]
    places = torch.tensor(answers, dtype=torch.long).reshape(-1, 2)  # [M, 2]
    ids = _padded([prompt.ids for prompt in encoded], backbone.padding_id)
    attention = _padded([[1] * len(prompt.ids) for prompt in encoded])
    _check_rows(ids, backbone)
    batch = Batch(ids.to(where), attention.to(where), places[:, 0].to(where),
                  places[:, 1].to(where))
    if (getattr(backbone.model.config, "type_vocab_size", 0) or 0) > 1:
        batch.type_ids = _padded([prompt.type_ids for prompt in encoded]).to(where)
    if backbone.family == "seq2seq":
        _add_decoder(batch, encoded, backbone, where)
    if backbone.rows is not None:
        batch.ids = backbone.rows[batch.ids]
        if batch.decoder_ids is not None:
            batch.decoder_ids = backbone.rows[batch.decoder_ids]
    return batch


def length_buckets(encoded: Sequence[Encoded], batch_tokens: int = 4096, most: int = 128,
                   shared: int = 0) -> Iterator[list[int]]:
    """Yield indices of prompts of similar length, in groups of at most `most` prompts.

    A group has at most `batch_tokens` tokens, padding included, unless a single prompt has more.
    The `shared` tokens that all begin with do not count: they are read once.
    """
    order = sorted(range(len(encoded)), key=lambda index: len(encoded[index].ids))
    group: list[int] = []
    for index in order:
        padded = (len(group) + 1) * (len(encoded[index].ids) - shared)
        if group and (len(group) == most or padded > batch_tokens):
            yield group
            group = []
        group.append(index)
    if group:
        yield group


def _check_rows(ids: torch.Tensor, backbone: Backbone) -> None:
    """Raise if a token was added to the tokenizer but not to the model."""
    if ids.numel() and (highest := int(ids.max())) >= backbone.vocabulary_size:
        raise ModelError(
            "The tokenizer of {model!r} knows the token {token!r} (id {id}), but the model's "
            "embedding has only {rows} rows. Leave the token out, or choose a model whose "
            "embedding was resized.",
            model=backbone.name, token=str(backbone.tokenizer.convert_ids_to_tokens(highest)),
            id=highest, rows=backbone.vocabulary_size)


def _padded(rows: Sequence[Sequence[int]], pad: int = 0) -> torch.Tensor:
    """Rows of different lengths as one tensor, `[B, T]`."""
    width = max(map(len, rows), default=1)
    wide = [[*row, *[pad] * (width - len(row))] for row in rows]
    return torch.tensor(wide, dtype=torch.long)


def _add_decoder(batch: Batch, encoded: Sequence[Encoded], backbone: Backbone, where: str) -> None:
    """Give the decoder what stands before each answer.

    T5 reads `<pad> <extra_id_i>`; a denoiser with mask tokens (BART) repeats the text up to the
    mask.
    """
    start = int(backbone.model.config.decoder_start_token_id)
    sentinels = backbone.tokenizer.mask_token_id is None
    shown = [
        [start, prompt.ids[place]] if sentinels else [start, *prompt.ids[:place]]
        for prompt in encoded
        for place in prompt.masks
    ]
    batch.decoder_ids = _padded(shown, backbone.padding_id).to(where)  # [M, S]
    batch.decoder_columns = torch.tensor([len(ids) - 1 for ids in shown], device=where)  # [M]
