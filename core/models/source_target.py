"""Sources and the texts to be written after them: their token ids, and how probable they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from core.errors import PatternError
from core.models.backbone import Backbone
from core.models.decoding import end_tokens
from core.models.encoding import Encoded, Limits, encode
from core.models.head import features_of
from core.models.infix import infix_features
from core.models.padding import padded
from core.models.pieces import Spelling, boundary, string_ids, tokenise
from core.models.prefix import Prefix
from core.models.prefix_attention import prefixed
from core.models.scoring import project_to_train
from core.prompts.pattern import Prompt


@dataclass(frozen=True)
class TargetLogProbs:
    """How probable each token of B targets is, given those before it.

    Attributes:
        tokens: the log-probabilities of all tokens of all targets, `[M]`.
        rows: which target each belongs to, `[M]`.
        size: B.
    """

    tokens: torch.Tensor
    rows: torch.Tensor
    size: int

    def sums(self) -> torch.Tensor:
        """The log-probability of each target, `[B]`."""
        return self.tokens.new_zeros(self.size).index_add(0, self.rows, self.tokens)

    def counts(self) -> torch.Tensor:
        """The number of tokens of each target, `[B]`."""
        return torch.bincount(self.rows, minlength=self.size)


def encode_sources(prompts: Sequence[Prompt], backbone: Backbone, room: int = 0) -> list[Encoded]:
    """Prompts up to their `{mask}` as sources; texts are shortened so that `room` tokens stay free.

    A causal model goes on where the source ends. The encoder of a seq2seq model reads all of it,
    with nothing in the answer's place.

    Raises:
        PatternError: the pattern's own words do not fit, or the model has too few positions.
    """
    causal = backbone.family == "causal"
    length = backbone.max_length - room if causal else backbone.max_length
    if length < 1:
        raise PatternError(
            "{model!r} reads at most {most} tokens, and {room} are taken by the prefix and by what "
            "it is to write. Allow fewer.", model=backbone.name, most=backbone.max_length,
            room=room)
    shown = prompts if causal else [_without_answer(prompt) for prompt in prompts]
    return encode(shown, backbone, Limits(length))


def _without_answer(prompt: Prompt) -> Prompt:
    return Prompt(tuple(segment for segment in prompt.segments if segment.kind != "mask"))


def encode_targets(texts: Sequence[str], backbone: Backbone, *, spaced: bool) -> list[list[int]]:
    """The token ids of texts to be written, the end included.

    Args:
        spaced: whether a blank parts a causal model's source from its target.
    """
    seq2seq = backbone.family == "seq2seq"
    spelled = [_spelled(text, backbone, spaced=spaced and not seq2seq) for text in texts]
    tokenise(set(spelled), backbone)
    start = backbone.tokenizer.cls_token_id if seq2seq else None
    before = [] if start is None else [int(start)]
    return [[*before, *string_ids(each, backbone), *end_of_text(backbone)] for each in spelled]


def _spelled(text: str, backbone: Backbone, *, spaced: bool) -> Spelling:
    starts = backbone.family == "seq2seq" and bool(boundary(backbone))
    return Spelling(f" {text}" if spaced and text else text, starts)


def end_of_text(backbone: Backbone) -> list[int]:
    """The token that ends a text; none if the model has none."""
    tokenizer: Any = backbone.tokenizer
    named = (tokenizer.eos_token_id, tokenizer.sep_token_id)
    token = next((token for token in named if token is not None), None)
    if token is None:
        token = min(end_tokens(backbone, one_line=False), default=None)
    return [] if token is None else [int(token)]


def target_log_probs(backbone: Backbone, sources: Sequence[Sequence[int]],
                     targets: Sequence[Sequence[int]],
                     prefix: Prefix | None = None) -> TargetLogProbs:
    """The log-probabilities of B targets' tokens after their sources; gradients flow.

    Only the places before target tokens are projected onto the vocabulary.

    Args:
        prefix: one for all rows, or one for each.
    """
    features = target_features(backbone, sources, targets, prefix)  # [M, H]
    logits = project_to_train(backbone, features)  # [M, V]
    device = logits.device
    gold = torch.tensor([token for target in targets for token in target], device=device)
    lengths = torch.tensor([len(target) for target in targets], device=device)
    rows = torch.repeat_interleave(torch.arange(len(targets), device=device), lengths)  # [M]
    tokens = -torch.nn.functional.cross_entropy(logits, gold, reduction="none")
    return TargetLogProbs(tokens, rows, len(targets))


def target_features(backbone: Backbone, sources: Sequence[Sequence[int]],
                    targets: Sequence[Sequence[int]],
                    prefix: Prefix | None = None) -> torch.Tensor:
    """Features from which each token of B targets is predicted, `[M, H]`; gradients flow."""
    if prefix is not None and prefix.placeholders is not None:
        return infix_features(backbone, sources, targets, prefix)
    read = _causal_features if backbone.family == "causal" else _seq2seq_features
    return read(backbone, sources, targets, prefix)


def _causal_features(backbone: Backbone, sources: Sequence[Sequence[int]],
                     targets: Sequence[Sequence[int]], prefix: Prefix | None) -> torch.Tensor:
    """Features before each target token, `[M, H]`; rows are padded on the right."""
    texts = [[*source, *target[:-1]] for source, target in zip(sources, targets, strict=True)]
    ids, seen = padded(texts, backbone)  # [B, T]
    places = torch.arange(ids.shape[1], device=ids.device)[None].expand(len(ids), -1)
    if prefix is not None:
        places = places + prefix.lengths[:, None]
    model: Any = backbone.model
    with prefixed(backbone, prefix), backbone.placement.autocast():
        features = features_of(model, input_ids=ids, attention_mask=seen, position_ids=places,
                               use_cache=False)  # [B, T, H]
    asked = [(row, len(source) - 1 + step) for row, (source, target) in
             enumerate(zip(sources, targets, strict=True)) for step in range(len(target))]
    rows, columns = torch.tensor(asked, device=ids.device).T
    return features[rows, columns]


def _seq2seq_features(backbone: Backbone, sources: Sequence[Sequence[int]],
                      targets: Sequence[Sequence[int]], prefix: Prefix | None) -> torch.Tensor:
    """The same of the decoder, which reads its start token and the targets so far."""
    model: Any = backbone.model
    ids, seen = padded(sources, backbone)
    start = int(model.config.decoder_start_token_id)
    shown, _ = padded([[start, *target[:-1]] for target in targets], backbone)  # [B, S]
    with prefixed(backbone, prefix), backbone.placement.autocast():
        features = features_of(model, input_ids=ids, attention_mask=seen, decoder_input_ids=shown,
                               use_cache=False)  # [B, S, H]
    asked = [(row, step) for row, target in enumerate(targets) for step in range(len(target))]
    rows, columns = torch.tensor(asked, device=ids.device).T
    return features[rows, columns]


def shortened(encoded: Sequence[Encoded]) -> int:
    """How many sources lost tokens, because the model takes no longer ones."""
    return sum(each.shortened > 0 for each in encoded)


def with_separator(encoded: Encoded, backbone: Backbone) -> Encoded:
    """The source with the token that ends texts after it (Prefix-Tuning's `{source} <bos>`)."""
    end = end_of_text(backbone)
    last = encoded.origins[-1] if encoded.origins else 0
    return replace(encoded, ids=[*encoded.ids, *end],
                   origins=[*encoded.origins, *[last] * len(end)],
                   type_ids=[*encoded.type_ids, *[0] * len(end)])
