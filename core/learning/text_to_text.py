"""A model that answers with labels by writing them (T5, arXiv 1910.10683, section 2.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from core.data.split import FewShotSplit
from core.data.task import Example
from core.learning.method import LogProbs, write_note
from core.learning.text_predictor import Pair, TextPredictor, groups_of
from core.metrics.answers import written_log_probs
from core.models.backbone import Backbone
from core.models.encoding import Encoded

Words = tuple[tuple[str, str], ...]  # label, and what is written for it


class TextToTextClassifier:
    """A backbone that writes a label's word after its source, or compares all of them.

    A text that equals no word letter by letter is no label, and an invalid answer.

    Attributes:
        writer: what asks the backbone.
        words: each label and what is written for it.
        writes: whether the backbone writes; else each label's probability is that of its word with
            the end of the text, over those of all labels.
    """

    def __init__(self, writer: TextPredictor, words: Words, *, writes: bool = True) -> None:
        """Ask through `writer`."""
        self.writer, self.words, self.writes = writer, words, writes

    @property
    def backbone(self) -> Backbone:
        """The model."""
        return self.writer.backbone

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in the order of every `[N, C]` array."""
        return tuple(label for label, _ in self.words)

    def log_probs(self, examples: Sequence[Example]) -> LogProbs:
        """Log-probabilities of the labels, `[N, C]`: of those written (see `read`), or of all."""
        if self.writes:
            return self.read(self.write(examples))
        return self.scores(examples).log_softmax(-1).float().numpy()

    def write(self, examples: Sequence[Example]) -> list[str]:
        """A text for each example."""
        return self.writer.generate(examples)

    def read(self, outputs: Sequence[str]) -> LogProbs:
        """The labels that texts are, `[N, C]`: 0 for the label whose word a text is, else -inf."""
        return written_log_probs(outputs, [word for _, word in self.words])

    @torch.no_grad()
    def scores(self, examples: Sequence[Example]) -> torch.Tensor:
        """The log-probability of each label's word and the end after it, `[N, C]`."""
        targets = self.writer.targets([word for _, word in self.words])
        sources: list[Encoded] = []
        if examples:
            sources = self.writer.sources(examples, max(map(len, targets)))
        pairs = [Pair(source.ids, target) for source in sources for target in targets]
        scores = torch.zeros(len(pairs), dtype=torch.float64)
        for group in groups_of(pairs, self.backbone):
            found = self.writer.log_probs_of([pairs[index] for index in group])
            scores[group] = found.sums().double().cpu()
        return scores.reshape(len(examples), len(targets))

    def save(self, folder: Path) -> None:
        """Write weights, tokenizer, and `cloze.json` with the pattern and the labels' words."""
        self.writer.save(folder)
        write_note(folder, kind="text-to-text", base=self.backbone.name, words=dict(self.words),
                   writes=self.writes, **self.writer.note())


def with_targets(split: FewShotSplit, words: Words) -> FewShotSplit:
    """The same examples with what is written for their labels as references."""
    written = dict(words)

    def targets(examples: Sequence[Example]) -> tuple[Example, ...]:
        return tuple(replace(example, references=(written[example.label or ""],))
                     for example in examples)

    return replace(split, train=targets(split.train), dev=targets(split.dev))
