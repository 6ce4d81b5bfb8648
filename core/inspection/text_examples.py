"""One pattern over many examples whose answers are texts: the outputs and how good they are."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from core.data.task import Example
from core.errors import Cancelled
from core.inspection.memory import remembered
from core.inspection.question import Question
from core.inspection.text import read_source
from core.metrics.answers import TextAnswers
from core.metrics.metric import Metric, main_metric, metrics_of
from core.models.backbone import Backbone
from core.models.decoding import Decoding, text_of
from core.models.writing import write

FIRST_PART = 8  # examples
_WHILE_TYPING = ("rougeL", "rouge1", "rouge2", "bleu", "chrf", "exact_match", "slot_coverage",
                 "invented_slots")  # quick ones; the others take a model or a long search


@dataclass(frozen=True)
class TextsView:
    """Outputs for examples with references.

    Attributes:
        examples: those that were asked about.
        outputs: the text written for each.
        metrics: the values by name, the main metric first; none of them is NaN.
        interval: the ends of the main metric's 95 % interval, if it has one.
    """

    examples: tuple[Example, ...]
    outputs: tuple[str, ...]
    metrics: dict[str, float]
    interval: tuple[float, float] | None

    @property
    def n(self) -> int:
        """The number of examples."""
        return len(self.examples)

    @property
    def main(self) -> Metric:
        """The main metric of generated texts."""
        return main_metric("generation")


def look_at_texts(question: Question, examples: Sequence[Example], backbone: Backbone,
                  decoding: Decoding) -> TextsView:
    """Write a text for each example and measure all by every metric of generated texts.

    Raises:
        InputError: the question is not sound, or the pattern does not fit into the model.
    """
    outputs = _written(question, examples, backbone, decoding, lambda: True)
    return texts_view(examples, outputs, metrics_of("generation"))


def write_in_parts(question: Question, examples: Sequence[Example], backbone: Backbone,
                   decoding: Decoding,
                   wanted: Callable[[], bool] = lambda: True) -> Iterator[TextsView]:
    """The same over the first 8 examples, over twice as many each time, and at last over all.

    Only metrics that are quick are measured. It ends early, at the next token, when nobody wants
    the answer any more.
    """
    outputs: list[str] = []
    shown = [metric for metric in metrics_of("generation")
             if metric.name in _WHILE_TYPING or metric is main_metric("generation")]
    while len(outputs) < len(examples):
        start, stop = len(outputs), min(len(examples), max(FIRST_PART, 2 * len(outputs)))
        try:
            outputs += _written(question, examples[start:stop], backbone, decoding, wanted)
        except Cancelled:
            return
        yield texts_view(examples[:stop], outputs, shown)


def texts_view(examples: Sequence[Example], outputs: Sequence[str],
               metrics: Sequence[Metric]) -> TextsView:
    """Outputs for examples, measured by the given metrics."""
    answers = TextAnswers(outputs, [example.references for example in examples],
                          [example.text_a for example in examples])
    values = {metric.name: float(metric.measure(answers)) for metric in metrics}
    known = {name: value for name, value in values.items() if not math.isnan(value)}
    main = main_metric("generation")
    interval = main.interval(answers) if main.interval and main.name in known else None
    return TextsView(tuple(examples), tuple(outputs), known, interval)


def _written(question: Question, examples: Sequence[Example], backbone: Backbone,
             decoding: Decoding, wanted: Callable[[], bool]) -> list[str]:
    """A text for each example; raises Cancelled when nobody wants them any more."""
    sources = [read_source(question, example, backbone, decoding)[1].ids for example in examples]
    key = ("texts", backbone.name, id(backbone), decoding, tuple(map(tuple, sources)))

    def watch(_: Sequence[int], __: Sequence[Sequence[int]]) -> None:
        if not wanted():
            raise Cancelled

    def computed() -> list[str]:
        texts = write(backbone, sources, decoding, watch=watch)
        return [text_of(text, backbone) for text in texts]

    return remembered(key, computed)
