"""What each model of iPET learns from in the next generation (arXiv 2001.07676, section 3.4 and
appendix).

Every model takes examples that a few of the others have labelled, the surer they are the likelier,
as many of each label as the labelled examples have in proportion.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.learning.merging import Floats, merge, soft_labels

# labelled examples that a start without any pretends to have after its first growth
_ZERO_SHOT_SIZE = 10


@dataclass(frozen=True)
class Growth:
    """How training sets grow: each model's is labelled by a `share` of the other models; `seed`
    draws them.
    """

    share: float
    seed: int


@dataclass(frozen=True)
class Drawn:
    """What one model is given.

    Attributes:
        rows: of the pool, each with the index of its label.
        teachers: the models that labelled them.
        missing: labels that were wanted and that the teachers gave to no example.
    """

    rows: tuple[tuple[int, int], ...]
    teachers: tuple[int, ...]
    missing: tuple[int, ...] = ()


def new_counts(label_counts: Sequence[int], factor: float, generation: int) -> list[int]:
    """How many new examples of each label the `generation`, counted from 0, adds to the labelled
    ones.

    Without labelled examples 10 are drawn first, as evenly as they go, and `factor` times as many
    with each generation.
    """
    known = sum(label_counts)
    size = known or _ZERO_SHOT_SIZE / factor
    new = int(size * factor ** (generation + 1) - known)
    if known:
        return [int(count * new / known) for count in label_counts]
    each, left = divmod(new, len(label_counts))
    return [each + (at < left) for at in range(len(label_counts))]


def teachers_of(models: int, share: float) -> int:
    """How many of the other models label for one: at least one."""
    return max(1, round((models - 1) * share))


def draw_generation(logits: Floats, counts: Sequence[int], growth: Growth,
                    weights: Sequence[float] | None = None,
                    likeliest: int = 0) -> list[Drawn]:
    """What each of M models is given, from all models' logits for the pool.

    Args:
        logits: `[M, N, C]`.
        counts: how many examples of each label to draw; see `new_counts`.
        weights: of the models, for the mean of their logits; None takes the plain mean.
        likeliest: if above 0, each label is drawn from so many examples that are likeliest for it,
            whatever their own likeliest label is (for a start without labelled examples).
    """
    picks, dice = random.Random(growth.seed), np.random.RandomState(growth.seed)
    models = range(len(logits))
    drawn = []
    for model in models:
        others = [each for each in models if each != model]
        teachers = picks.sample(others, teachers_of(len(logits), growth.share))
        merged = merge(logits[teachers],
                       None if weights is None else [weights[each] for each in teachers])
        drawn.append(_draw(soft_labels(merged, 1.0), counts, likeliest, dice, tuple(teachers)))
    return drawn


def _draw(probabilities: Floats, counts: Sequence[int], likeliest: int, dice: np.random.RandomState,
          teachers: tuple[int, ...]) -> Drawn:
    """For each label so many different rows, the surer the likelier; a short list is repeated until
    it is long enough.

    A label that no row was given is left out: no example is called what nobody takes it for.
    """
    rows: list[tuple[int, int]] = []
    missing = []
    for label, count in enumerate(counts):
        found, sure = _candidates(probabilities, label, likeliest)
        if not count:
            continue
        if not len(found):
            missing.append(label)
            continue
        times = -(-count // len(found))
        found, sure = np.tile(found, times), np.tile(sure, times)
        chosen = dice.choice(len(found), count, replace=False, p=sure / sure.sum())
        rows += [(int(found[at]), label) for at in chosen]
    return Drawn(tuple(rows), teachers, tuple(missing))


def _candidates(probabilities: Floats, label: int,
                likeliest: int) -> tuple[npt.NDArray[np.intp], Floats]:
    """Rows that may be drawn for a label, and by what probability."""
    if likeliest:
        order = np.lexsort((np.arange(len(probabilities)),
                            probabilities[:, label]))[::-1][:likeliest]
        return order, probabilities[order, label]
    found = (probabilities.argmax(axis=1) == label).nonzero()[0]
    return found, probabilities[found].max(axis=1)
