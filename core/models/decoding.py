"""How texts are written: the settings of a decoding, which tokens may come next, which end it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import torch

from core.models.backbone import Backbone

Normalisation = Literal["output", "whole", "gnmt"]
Watch = Callable[[Sequence[int], Sequence[Sequence[int]]], None]


@dataclass(frozen=True)
class Decoding:
    """How texts are written.

    Attributes:
        max_tokens: the most tokens of a text.
        min_tokens: a text does not end before it has so many.
        beams: how many hypotheses are kept; 1 writes greedily, or samples.
        length_penalty: the exponent α by which a finished hypothesis' log-probability is divided
            by its length; 0 leaves it as it is.
        normalisation: what that length is: of the `output` with its end (transformers), of the
            `whole` with the source and without the end (Prefix-Tuning's code), or `gnmt`:
            ((5 + output) / 6)^α (arXiv 1609.08144, equation 14; T5).
        temperature: 0 takes the most probable token; more samples the less probable ones too.
        top_p: sampling draws from the most probable tokens that together have this probability.
        seed: of sampling; a text depends on it and on its source, not on the others of a batch.
        one_line: whether a line break ends a text.
        forbidden: ids of tokens that are never written.
    """

    max_tokens: int = 64
    min_tokens: int = 0
    beams: int = 1
    length_penalty: float = 1.0
    normalisation: Normalisation = "output"
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    one_line: bool = False
    forbidden: tuple[int, ...] = ()


@dataclass(frozen=True)
class Written:
    """A text as the model wrote it.

    Attributes:
        ids: its tokens, without the end.
        score: the sum of their log-probabilities and of that of the end, if there is one; divided
            by length in beam search.
        ended: whether it ended by itself.
    """

    ids: tuple[int, ...]
    score: float
    ended: bool


class Rules:
    """Which tokens may come next, and which end a text."""

    def __init__(self, backbone: Backbone, decoding: Decoding) -> None:
        """The rules of a way of decoding for a model."""
        self.ends = end_tokens(backbone, one_line=decoding.one_line)
        device = backbone.placement.device
        size = backbone.vocabulary_size
        self._ends = torch.tensor([token for token in sorted(self.ends) if token < size],
                                  dtype=torch.long, device=device)
        self._forbidden = torch.tensor(decoding.forbidden, dtype=torch.long, device=device)
        self._shortest = max(decoding.min_tokens, 1 if decoding.one_line else 0)
        self._backbone = backbone

    def allowed(self, log_probs: torch.Tensor, written: int) -> torch.Tensor:
        """The same `[R, V]` with -inf for what may not come after so many tokens."""
        log_probs = log_probs.clone()
        log_probs[:, self._forbidden] = -torch.inf
        if written < self._shortest:
            log_probs[:, self._ends] = -torch.inf
        return log_probs

    def open(self, log_probs: torch.Tensor) -> torch.Tensor:
        """The same `[R, V]` with -inf for what would end a text."""
        log_probs = log_probs.clone()
        log_probs[:, self._ends] = -torch.inf
        return log_probs

    def kept(self, end: int) -> list[int]:
        """What an ending token adds to the text: a full stop with a line break is a full stop."""
        text = self._backbone.tokenizer.decode([end], skip_special_tokens=True)
        before = str(text).split("\n")[0].rstrip()
        if not before:
            return []
        ids: list[int] = self._backbone.tokenizer(before, add_special_tokens=False)["input_ids"]
        return ids


def text_of(written: Written | Sequence[int], backbone: Backbone) -> str:
    """The text of tokens, without special ones and without space around it."""
    ids = written.ids if isinstance(written, Written) else written
    tokenizer: Any = backbone.tokenizer
    text: str = tokenizer.decode(list(ids), skip_special_tokens=True,
                                 clean_up_tokenization_spaces=False)
    return text.strip()


def end_tokens(backbone: Backbone, *, one_line: bool) -> frozenset[int]:
    """The tokens that end a text: the model's own, and those with a line break if wanted."""
    tokenizer: Any = backbone.tokenizer
    settings = getattr(backbone.model, "generation_config", None)
    known = getattr(settings, "eos_token_id", None)
    listed = known if isinstance(known, list) else [known]
    own = (tokenizer.eos_token_id, backbone.model.config.get_text_config().eos_token_id, *listed)
    ends = {token for token in own if isinstance(token, int)}
    return frozenset(ends | _line_breaks(tokenizer)) if one_line else frozenset(ends)


@lru_cache(maxsize=64)
def _line_breaks(tokenizer: Any) -> frozenset[int]:
    """Ids of the tokens in which there is a line break, as vocabularies spell it."""
    tokens = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    return frozenset(index for index, token in enumerate(tokens)
                     if token and any(sign in token for sign in ("Ċ", "<0x0A>", "\n")))
