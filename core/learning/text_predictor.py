"""A model that writes an answer after its source: what all methods for generation share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from core.data.task import TEXTS, Example
from core.errors import SpecError
from core.learning.method import Problem, Watch, write_note
from core.learning.options import Options, option
from core.models.backbone import Backbone
from core.models.decoding import Decoding, text_of
from core.models.encoding import Encoded
from core.models.prefix import Prefix
from core.models.source_target import (
    TargetLogProbs,
    encode_sources,
    encode_targets,
    target_log_probs,
    with_separator,
)
from core.models.writing import write
from core.prompts.pattern import Pattern, Prompt, check_mask_last


@dataclass(frozen=True)
class DecodingOptions(Options):
    """How texts are written."""

    max_tokens: int = option(64, "the most tokens of a written text", 1, 512,
                             kinds=("generation",))
    beams: int = option(1, "how many hypotheses beam search keeps (Prefix-Tuning: 5); 1 writes "
                           "greedily", 1, 16, kinds=("generation",))
    length_penalty: float = option(1.0, "beam search divides a hypothesis' log-probability by its "
                                        "length to this power", 0.0, 5.0, kinds=("generation",))

    def decoding(self, *, one_line: bool = False) -> Decoding:
        """The way of decoding that these options describe."""
        return Decoding(self.max_tokens, beams=self.beams, length_penalty=self.length_penalty,
                        one_line=one_line)


@dataclass(frozen=True)
class Pair:
    """A source and one text to be written after it, as token ids.

    Attributes:
        source: what the model reads.
        target: what it is to write, the end included.
    """

    source: list[int]
    target: list[int]


class TextPredictor:
    """A backbone asked through a pattern to write what stands in the place of `{mask}`.

    Attributes:
        prefix: keys and values before everything that it reads; None where there are none.
    """

    def __init__(self, backbone: Backbone, pattern: Pattern, decoding: Decoding, *,
                 prefix: Prefix | None = None, separator: bool = False,
                 render: Callable[[Example], Prompt] | None = None) -> None:
        """Ask a backbone.

        Args:
            separator: whether a causal model reads its end token between source and text, as
                Prefix-Tuning's does.
            render: replaces the pattern's own rendering, for prompts with demonstrations.

        Raises:
            PatternError: something comes after the pattern's `{mask}`.
        """
        check_mask_last(pattern)
        self.backbone, self.pattern, self.decoding = backbone, pattern, decoding
        self.prefix, self.separator = prefix, separator and backbone.family == "causal"
        self._render = render or pattern.render

    def prompt(self, example: Example) -> Prompt:
        """What the model is asked about an example."""
        return self._render(example)

    def sources(self, examples: Sequence[Example], room: int | None = None) -> list[Encoded]:
        """The sources of examples, shortened so that prefix and `room` more tokens fit.

        Raises:
            PatternError: the pattern or the prefix is too long for the model.
        """
        taken = (self.prefix.length if self.prefix else 0) + (room or self.decoding.max_tokens)
        prompts = [self.prompt(example) for example in examples]
        encoded = encode_sources(prompts, self.backbone, taken + self.separator)
        if not self.separator:
            return encoded
        return [with_separator(source, self.backbone) for source in encoded]

    def pairs(self, examples: Sequence[Example]) -> list[Pair]:
        """A pair for each reference of each example."""
        texts = [reference for example in examples for reference in example.references]
        targets = encode_targets(texts, self.backbone, spaced=self._spaced)
        longest = max(map(len, targets), default=1)
        sources = self.sources(examples, longest)
        owners = [source for source, example in zip(sources, examples, strict=True)
                  for _ in example.references]
        return [Pair(source.ids, target) for source, target in zip(owners, targets, strict=True)]

    @property
    def _spaced(self) -> bool:
        mask = next(segment for segment in self.pattern.segments if segment.kind == "mask")
        return mask.space and not self.separator

    def generate(self, examples: Sequence[Example], watch: Watch | None = None) -> list[str]:
        """A text for each example; `watch` is told of each row and its text as it grows."""
        if not examples:
            return []
        sources = [encoded.ids for encoded in self.sources(examples)]

        def tell(rows: Sequence[int], texts: Sequence[Sequence[int]]) -> None:
            for row, ids in zip(rows, texts, strict=True):
                if watch is not None:
                    watch(row, text_of(ids, self.backbone))

        written = write(self.backbone, sources, self.decoding, self.prefix,
                        watch=tell if watch else None)
        return [text_of(text, self.backbone) for text in written]

    def log_probs_of(self, pairs: Sequence[Pair], prefix: Prefix | None = None) -> TargetLogProbs:
        """How probable the targets are, with gradients; `prefix` replaces the predictor's own."""
        return target_log_probs(self.backbone, [pair.source for pair in pairs],
                                [pair.target for pair in pairs], prefix or self.prefix)

    @torch.no_grad()
    def mean_loss(self, pairs: Sequence[Pair]) -> float:
        """The mean negative log-probability of all target tokens, in nats."""
        total, count = 0.0, 0
        for group in groups_of(pairs, self.backbone):
            found = self.log_probs_of([pairs[index] for index in group])
            total -= float(found.tokens.double().sum())
            count += len(found.tokens)
        return total / max(1, count)

    def save(self, folder: Path) -> None:
        """Write weights, tokenizer, and `cloze.json` with the pattern and the way of decoding."""
        write_note(folder, kind="text", base=self.backbone.name, **self.note())
        self.backbone.in_float32().model.save_pretrained(folder)
        self.backbone.tokenizer.save_pretrained(folder)

    def note(self) -> dict[str, Any]:
        """What `cloze.json` holds beside the kind and the base."""
        more = sorted(self.pattern.fields - set(TEXTS))
        return {"pattern": str(self.pattern), "more": more, "separator": self.separator,
                "decoding": asdict(self.decoding)}


def check_can_write(problem: Problem, method: str) -> None:
    """Check that a problem's model writes texts, and that its pattern ends where they begin.

    Raises:
        InputError: it fills masks, or something comes after `{mask}`.
    """
    if problem.backbone.family == "masked":
        raise SpecError(
            "The method {method!r} writes texts, and {model!r} fills single masks. Choose a causal "
            "model, or T5 or BART.", method=method, model=problem.backbone.name)
    check_mask_last(problem.pvps[0].pattern)


def groups_of(pairs: Sequence[Pair], backbone: Backbone) -> Iterator[list[int]]:
    """Indices of pairs of similar length, in groups that a device reads at once."""
    most = 1024 if backbone.placement.device == "cpu" else 16_384
    order = sorted(range(len(pairs)), key=lambda index: _length(pairs[index]))
    group: list[int] = []
    for index in order:
        if group and (len(group) + 1) * _length(pairs[index]) > most:
            yield group
            group = []
        group.append(index)
    if group:
        yield group


def _length(pair: Pair) -> int:
    return len(pair.source) + len(pair.target)
