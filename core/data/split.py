"""Few-shot splits by LM-BFF's rule (arXiv 2012.15723, section 3 and its published splits)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.data.task import Example, Task
from core.errors import DataError

LM_BFF_SEEDS = (13, 21, 42, 87, 100)  # the five seeds of the paper's published splits


@dataclass(frozen=True)
class FewShotSplit:
    """K training and K development examples, and the rest without answers.

    K counts examples of each label in classification, else examples in all.

    Attributes:
        hidden: the labels of the unlabelled examples, None where they are not known. Nothing may
            learn from them; they serve to measure the labels that a method gives to the pool.
    """

    shots: int
    seed: int
    train: tuple[Example, ...]
    dev: tuple[Example, ...]
    unlabelled: tuple[Example, ...]
    hidden: tuple[str | None, ...] = ()


def few_shot_indices(
    labels: Sequence[str], shots: int, seed: int, dev_multiple: int = 1
) -> tuple[list[int], list[int]]:
    """Return the indices of the K-shot training and development examples.

    All indices are shuffled with numpy's legacy generator and grouped by label in order of first
    appearance; of each group the first K train and the next K·`dev_multiple` are for development. A
    label with too few rows gives fewer development examples.
    """
    order = list(range(len(labels)))
    np.random.RandomState(seed).shuffle(order)
    groups: dict[str, list[int]] = defaultdict(list)
    for index in order:
        groups[labels[index]].append(index)
    train = [index for group in groups.values() for index in group[:shots]]
    end = shots * (1 + dev_multiple)
    dev = [index for group in groups.values() for index in group[shots:end]]
    return train, dev


def draw_split(task: Task, shots: int, seed: int) -> FewShotSplit:
    """Draw K training and K development examples per label.

    In multiple choice and generation K examples are drawn in all.

    Raises:
        DataError: a label, or the whole, has fewer than 2K training rows, or K is negative.
    """
    if shots < 0:
        raise DataError("Shots (K) is {shots}; it must be 0 or more.", shots=shots)
    if task.schema.kind == "classification":
        groups = [example.label or "" for example in task.train]
        _check_rows_of_labels(groups, task.schema.labels, shots)
    else:
        groups = [""] * len(task.train)
        _check_rows(len(groups), shots)
    train, dev = few_shot_indices(groups, shots, seed)
    return _split(task, shots, seed, train, dev)


def _split(
    task: Task, shots: int, seed: int, train: Sequence[int], dev: Sequence[int]
) -> FewShotSplit:
    used = {*train, *dev}
    rest = [example for index, example in enumerate(task.train) if index not in used]
    pool = (replace(example, label=None, references=()) for example in rest)
    return FewShotSplit(
        shots,
        seed,
        train=tuple(task.train[index] for index in train),
        dev=tuple(task.train[index] for index in dev),
        unlabelled=(*pool, *task.unlabelled),
        hidden=(*(example.label for example in rest), *(None for _ in task.unlabelled)),
    )


def _check_rows(count: int, shots: int) -> None:
    if count < 2 * shots:
        raise DataError(
            "K = {shots} needs {need} training rows ({shots} to train, {shots} for development), "
            "and there are {count}. Choose K ≤ {most} or add rows.",
            shots=shots, need=2 * shots, count=count, most=count // 2)


def _check_rows_of_labels(gold: Sequence[str], labels: Sequence[str], shots: int) -> None:
    counts = Counter(gold)
    most = min(counts[label] for label in labels) // 2
    for label in labels:
        if counts[label] < 2 * shots:
            raise DataError(
                "K = {shots} needs {need} training rows of each label ({shots} to train, {shots} "
                "for development), but {label!r} has {count}. Choose K ≤ {most} or add rows.",
                shots=shots, need=2 * shots, label=label, count=counts[label], most=most)
