"""Asking a model through a pattern and reading the answer as labels: what all prompt-based methods
share.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from core.data.task import TEXTS, Example
from core.learning.method import LogProbs, write_note
from core.models.backbone import Backbone
from core.models.batches import collate
from core.models.encoding import Limits, encode
from core.models.pieces import single_ids
from core.models.scoring import (
    all_answer_features,
    all_answer_logits,
    grouped_answer_logits,
    label_log_probs,
    project,
)
from core.prompts.pattern import Pattern, Prompt
from core.prompts.pvp import PVP

CONTENT_FREE = ("N/A", "", "[MASK]")  # arXiv 2102.09690, section 5


class PromptPredictor:
    """A backbone asked through a PVP: label probabilities are those of the label words at the mask.
    """

    def __init__(self, backbone: Backbone, pvp: PVP,
                 render: Callable[[Example], Prompt] | None = None,
                 limits: Limits = Limits()) -> None:
        """`render` replaces the pattern's own rendering, for prompts with demonstrations."""
        self.backbone = backbone
        self.pvp = pvp
        self.shift: torch.Tensor | None = None  # [C], taken from every answer: see `calibrate`
        self.limits = limits
        self._render = render or pvp.pattern.render

    @cached_property
    def _columns(self) -> list[int]:
        return single_ids(self.pvp.verbalizer.all_words(), self.backbone)

    @cached_property
    def _owners(self) -> list[int]:
        return [self.pvp.verbalizer.labels.index(label) for label,
                _ in self.pvp.verbalizer.all_words()]

    def prompt(self, example: Example) -> Prompt:
        """What the model is asked about an example."""
        return self._render(example)

    def log_probs(self, examples: Sequence[Example]) -> LogProbs:
        """Log-probabilities of the labels, `[N, C]`."""
        return self.log_probs_of([self.prompt(example) for example in examples])

    def log_probs_of(self, prompts: Sequence[Prompt]) -> LogProbs:
        """The same for rendered prompts."""
        if not prompts:
            return torch.empty(0, len(self.pvp.verbalizer.labels)).numpy()
        encoded = encode(prompts, self.backbone, self.limits)
        logits = all_answer_logits(self.backbone, encoded, self._columns)
        return self._calibrated(self._labelled(logits))

    def _calibrated(self, answers: torch.Tensor) -> LogProbs:
        """Label log-probabilities, `[N, C]`, less the shift if there is one."""
        return (answers if self.shift is None else (answers - self.shift).log_softmax(-1)).numpy()

    def calibrate(self, examples: Sequence[Example]) -> None:
        """Take away each label's mean log-probability over `examples`, so that no label is favoured
        on the whole.
        """
        self.shift = None
        self.shift = torch.from_numpy(self.log_probs(examples)).mean(0)

    def calibrate_content_free(self) -> None:
        """Divide by what the model answers to questions without content (contextual calibration).

        The probabilities that it gives the labels for `CONTENT_FREE` are averaged; every answer is
        divided by them and normalised again (arXiv 2102.09690, equation 2, with W = diag(p)⁻¹ and
        b = 0).
        """
        self.shift = None
        answers = self.log_probs([self._content_free(text) for text in CONTENT_FREE])  # [3, C]
        self.shift = torch.from_numpy(np.exp(answers).mean(0)).log()  # [C]

    def _content_free(self, text: str) -> Example:
        further = sorted(self.pvp.pattern.fields - set(TEXTS))
        return Example(text, text, None, tuple((name, text) for name in further))

    def tokens(self, examples: Sequence[Example]) -> set[int]:
        """Every token that these examples' prompts and the label words use."""
        return self._tokens_of([self.prompt(example) for example in examples])

    def _tokens_of(self, prompts: Sequence[Prompt]) -> set[int]:
        encoded = encode(prompts, self.backbone, self.limits)
        asked = collate(encoded, self.backbone).decoder_ids
        return {*self._columns, *(token for each in encoded for token in each.ids),
                *([] if asked is None else asked.flatten().tolist())}

    def loss(self, examples: Sequence[Example], gold: torch.Tensor) -> torch.Tensor:
        """Cross-entropy of the gold labels `[B]` (LM-BFF, equation 1), with gradients."""
        return self.loss_of([self.prompt(example) for example in examples], gold)

    def loss_of(self, prompts: Sequence[Prompt], gold: torch.Tensor) -> torch.Tensor:
        """The same for rendered prompts."""
        encoded = encode(prompts, self.backbone, self.limits)
        columns = torch.tensor(self._columns, device=self.backbone.placement.device)
        answers = self._labelled(grouped_answer_logits(self.backbone, encoded, columns))
        return torch.nn.functional.nll_loss(answers, gold.to(answers.device))

    def save(self, folder: Path) -> None:
        """Write weights, tokenizer and `cloze.json` with the pattern and its words."""
        write_note(folder, kind="prompt", base=self.backbone.name, **self.note())
        self.backbone.model.save_pretrained(folder)
        self.backbone.tokenizer.save_pretrained(folder)

    def note(self) -> dict[str, Any]:
        """What `cloze.json` holds beside the kind and the base."""
        shift = {"shift": self.shift.tolist()} if self.shift is not None else {}
        more = sorted(self.pvp.pattern.fields - set(TEXTS))
        return {"labels": self.pvp.verbalizer.labels, **self.pvp.as_dict(),
                **({"more": more} if more else {}), **shift}

    def _labelled(self, word_logits: torch.Tensor) -> torch.Tensor:
        return label_log_probs(word_logits, self._owners, len(self.pvp.verbalizer.labels))


def vocabulary_logits(backbone: Backbone, pattern: Pattern,
                      examples: Sequence[Example]) -> npt.NDArray[np.float32]:
    """Logits at the mask of each example over the whole vocabulary, `[N, V]`."""
    features = all_answer_features(backbone,
                                   encode([pattern.render(each) for each in examples], backbone))
    return project(backbone, features).cpu().numpy()
