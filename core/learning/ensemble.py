"""Several predictors that answer together (LM-BFF, arXiv 2012.15723, section 7.1: an ensemble of
templates).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from core.data.task import Example
from core.learning.method import LogProbs, write_note
from core.learning.prompting import PromptPredictor
from core.models.backbone import Backbone


class EnsemblePredictor:
    """Trained prompts whose log-probabilities are averaged."""

    def __init__(self, members: Sequence[PromptPredictor],
                 weights: Sequence[float] | None = None) -> None:
        """`members`, the best first, share their labels; without `weights` all count alike."""
        self.members = list(members)
        self.weights = list(weights) if weights is not None and any(weights) else None

    @property
    def backbone(self) -> Backbone:
        """That of the best."""
        return self.members[0].backbone

    @property
    def labels(self) -> tuple[str, ...]:
        """In the order of every answer."""
        return self.members[0].pvp.verbalizer.labels

    def log_probs(self, examples: Sequence[Example]) -> LogProbs:
        """Mean of the members' log-probabilities, `[N, C]`, each row normalised again."""
        mean = np.average([each.log_probs(examples) for each in self.members], axis=0,
                          weights=self.weights)
        return torch.from_numpy(mean).log_softmax(-1).numpy()

    def save(self, folder: Path) -> None:
        """Write each member into a folder of its own, and `cloze.json`, which counts them."""
        weights = {"weights": self.weights} if self.weights else {}
        write_note(folder, kind="ensemble", base=self.backbone.name, labels=self.labels,
                   members=len(self.members),
                   **weights)
        for at, each in enumerate(self.members):
            each.save(member_folder(folder, at))


def member_folder(folder: Path, at: int) -> Path:
    """Where an ensemble's member number `at` is kept."""
    return folder / f"member-{at}"
