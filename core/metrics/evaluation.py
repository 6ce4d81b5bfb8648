"""Evaluate answers by every metric that serves their kind of task."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from core.data.task import Kind
from core.metrics.answers import Answers, Floats, LabelAnswers
from core.metrics.labels import confusion_counts
from core.metrics.metric import Metric, main_metric, metrics_of


@dataclass(frozen=True)
class Evaluation:
    """How good the answers to some examples are.

    Attributes:
        metric: the main metric of the kind of task.
        metrics: the value of each metric by its name, the ends of its 95 % interval where it has
            one (`NAME_low`, `NAME_high`), and the number of examples as `n`; a run's record
            keeps them under the same names.
        scores: the main metric's score of each example, `[N]`, which paired tests over examples
            compare.
        confusion: counts `[C, C]`, rows gold, columns predicted; empty for texts.
    """

    metric: Metric
    metrics: dict[str, float]
    scores: Floats = field(repr=False)
    confusion: list[list[int]]

    @property
    def n(self) -> int:
        """The number of examples."""
        return len(self.scores)

    @property
    def value(self) -> float:
        """The value of the main metric."""
        return self.metrics[self.metric.name]

    @property
    def interval(self) -> tuple[float, float] | None:
        """The ends of the main metric's 95 % interval, if it has one."""
        low, high = f"{self.metric.name}_low", f"{self.metric.name}_high"
        return (self.metrics[low], self.metrics[high]) if low in self.metrics else None


def evaluate(answers: Answers, kind: Kind, quick: bool = False) -> Evaluation:
    """Measure answers by every metric that serves the kind of task.

    A metric that does not apply to these answers is NaN. With `quick`, metrics that are slow are
    left out, as views that follow a person's typing need it.
    """
    main = main_metric(kind)
    assert main.scores is not None, "the main metric of a kind has a score for each example"
    confusion = confusion_counts(answers).tolist() if isinstance(answers, LabelAnswers) else []
    return Evaluation(main, _values(answers, kind, quick), main.scores(answers), confusion)


def _values(answers: Answers, kind: Kind, quick: bool) -> dict[str, float]:
    """The value of each metric, the ends of its interval, and the number of examples, by name."""
    values: dict[str, float] = {}
    for metric in metrics_of(kind):
        if quick and metric.slow:
            continue
        value = metric.measure(answers)
        if math.isnan(value) and metric is not main_metric(kind):
            continue  # says nothing of these answers
        values[metric.name] = value
        if metric.interval is not None:
            low, high = metric.interval(answers)
            values |= {f"{metric.name}_low": low, f"{metric.name}_high": high}
    values["n"] = float(answers.n)
    return values
