"""Answers measured: every metric that serves their kind."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.data.task import Kind
from core.metrics.answers import Answers, Floats, LabelAnswers
from core.metrics.labels import confusion_counts
from core.metrics.metric import Metric, main_metric, metrics_of


@dataclass(frozen=True)
class Evaluation:
    """How answers compare with what would have been right.

    Attributes:
        metric: the main metric of the answers' kind.
        metrics: each metric's value by its name, the ends of its 95 % interval where it has one (`NAME_low`,
            `NAME_high`), and `n`, how many examples were measured; as a run's record keeps them.
        scores: one for each example, of the main metric, `[N]`; what paired tests over examples compare.
        confusion: `[C, C]` counts, rows gold, columns predicted; empty for texts.
    """

    metric: Metric
    metrics: dict[str, float]
    scores: Floats = field(repr=False)
    confusion: list[list[int]]

    @property
    def n(self) -> int:
        """How many examples were measured."""
        return len(self.scores)

    @property
    def value(self) -> float:
        """That of the main metric."""
        return self.metrics[self.metric.name]

    @property
    def interval(self) -> tuple[float, float] | None:
        """The ends of the main metric's 95 % interval, if it has one."""
        if self.metric.interval is None:
            return None
        return self.metrics[f"{self.metric.name}_low"], self.metrics[f"{self.metric.name}_high"]


def evaluate(answers: Answers, kind: Kind) -> Evaluation:
    """Measure answers by every metric that serves their kind."""
    found: dict[str, float] = {}
    for metric in metrics_of(kind):
        found[metric.name] = metric.measure(answers)
        if metric.interval is not None:
            found[f"{metric.name}_low"], found[f"{metric.name}_high"] = metric.interval(answers)
    found["n"] = float(answers.n)
    main = main_metric(kind)
    assert main.scores is not None, "the main metric of a kind has a score for each example"
    confusion = confusion_counts(answers).tolist() if isinstance(answers, LabelAnswers) else []
    return Evaluation(main, found, main.scores(answers), confusion)
