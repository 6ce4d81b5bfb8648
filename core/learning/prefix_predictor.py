"""Predictors whose model is frozen and has a prefix: only the prefix is stored."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from core.data.task import Example
from core.learning.method import LogProbs, write_note
from core.learning.prompting import PromptPredictor
from core.learning.text_predictor import TextPredictor
from core.models.backbone import Backbone
from core.models.peft_prefix import can_be_adapter, save_adapter
from core.models.prefix import Prefix
from core.models.prefix_attention import prefixed

_FILE, _PLACEHOLDERS = "prefix.safetensors", "placeholders"


class PrefixTextPredictor(TextPredictor):
    """A frozen backbone that writes after a prefix and a source."""

    def save(self, folder: Path) -> None:
        """Write the prefix, `cloze.json`, and a PEFT adapter where PEFT has such prefixes."""
        assert self.prefix is not None
        write_note(folder, kind="prefix text", base=self.backbone.name, **self.note())
        save_prefix(self.prefix, self.backbone, folder)


class PrefixClassifier:
    """A frozen backbone asked through a PVP after a prefix; label words answer."""

    def __init__(self, asked: PromptPredictor, prefix: Prefix) -> None:
        """`asked` is the predictor without the prefix; see `for_prefix`."""
        self.asked, self.prefix = asked, prefix

    @property
    def backbone(self) -> Backbone:
        """The frozen backbone."""
        return self.asked.backbone

    def log_probs(self, examples: Sequence[Example]) -> LogProbs:
        """Log-probabilities of the labels, `[N, C]`."""
        with prefixed(self.backbone, self.prefix.detached()):
            return self.asked.log_probs(examples)

    def loss(self, examples: Sequence[Example], gold: torch.Tensor,
             prefix: Prefix) -> torch.Tensor:
        """Cross-entropy of the gold labels `[B]` after a prefix, with gradients."""
        with prefixed(self.backbone, prefix):
            return self.asked.loss(examples, gold)

    def save(self, folder: Path) -> None:
        """Write the prefix, and `cloze.json` with the pattern and its words."""
        write_note(folder, kind="prefix prompt", base=self.backbone.name,
                   **self.asked.note())
        save_prefix(self.prefix, self.backbone, folder)


def for_prefix(backbone: Backbone, length: int) -> Backbone:
    """The backbone as prompts for it must be encoded: with room for a prefix of P positions.

    What prompts begin with alike is not read ahead, since it would not see the prefix.
    """
    return replace(backbone, max_length=max(1, backbone.max_length - length), shares_start=False)


def save_prefix(prefix: Prefix, backbone: Backbone, folder: Path) -> None:
    """Write a prefix as safetensors, and as a PEFT adapter where PEFT has such prefixes."""
    folder.mkdir(parents=True, exist_ok=True)
    parts: dict[str, Any] = {place: part.detach().cpu().contiguous()
                             for place, part in prefix.key_values.items()}
    if prefix.placeholders is not None:
        parts[_PLACEHOLDERS] = prefix.placeholders.detach().cpu().contiguous()
    save_file(parts, folder / _FILE, metadata={"first": json.dumps(prefix.first)})
    if can_be_adapter(prefix):
        save_adapter(prefix, backbone, folder)


def load_prefix(folder: Path) -> Prefix:
    """Read a prefix back."""
    from safetensors import safe_open

    with safe_open(folder / _FILE, "pt") as file:
        first = int((file.metadata() or {}).get("first", "0"))
    parts: Any = load_file(folder / _FILE)
    placeholders = parts.pop(_PLACEHOLDERS, None)
    return Prefix(parts, first=first, placeholders=placeholders)
