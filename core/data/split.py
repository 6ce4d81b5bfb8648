"""Few-shot splits by LM-BFF's rule (arXiv 2012.15723, section 3 and its published splits)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.data.task import Example, Task
from core.errors import DataError

LM_BFF_SEEDS = (13, 21, 42, 87, 100)  # the five seeds of the paper's published splits


@dataclass(frozen=True)
class FewShotSplit:
    """K training and K development examples, of each label where labels are classes, and the rest without answers.

    Attributes:
        hidden: the labels of the unlabelled examples where they are known. Nothing may learn from them; they tell
            afterwards how good labels are that a method gave to the pool itself.
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

    All indices are shuffled with numpy's legacy generator, grouped by label in order of first appearance; of each group
    the first K train and the next K·`dev_multiple` develop. A label with too few rows gives fewer development examples.
    """
    order = list(range(len(labels)))
    np.random.RandomState(seed).shuffle(order)
    groups: dict[str, list[int]] = defaultdict(list)
    for index in order:
        groups[labels[index]].append(index)
    train = [index for group in groups.values() for index in group[:shots]]
    dev = [index for group in groups.values() for index in group[shots : shots * (1 + dev_multiple)]]
    return train, dev


def draw_split(task: Task, shots: int, seed: int) -> FewShotSplit:
    """Draw K training and K development examples per label; in multiple choice and generation K examples in all.

    Raises:
        DataError: a label, or the whole, has fewer than 2K training rows, or K is negative.
    """
    if shots < 0:
        raise DataError("Shots (K) is {shots}; it must be 0 or more.", shots=shots)
    by_label = task.schema.kind == "classification"
    gold = [example.label or "" if by_label else "" for example in task.train]
    if not by_label and len(gold) < 2 * shots:
        raise DataError("K = {shots} needs {need} training rows ({shots} to train, {shots} for development), and there "
                        "are {count}. Choose K ≤ {most} or add rows.", shots=shots, need=2 * shots, count=len(gold),
                        most=len(gold) // 2)
    for label in task.schema.labels if shots and by_label else ():
        if gold.count(label) < 2 * shots:
            raise DataError(
                "K = {shots} needs {need} training rows of each label ({shots} to train, {shots} for development), but "
                "{label!r} has {count}. Choose K ≤ {most} or add rows.",
                shots=shots, need=2 * shots, label=label, count=gold.count(label),
                most=min(gold.count(each) for each in task.schema.labels) // 2,
            )
    train, dev = few_shot_indices(gold, shots, seed)
    used = set(train) | set(dev)
    rest = [example for index, example in enumerate(task.train) if index not in used]
    return FewShotSplit(
        shots, seed, tuple(task.train[i] for i in train), tuple(task.train[i] for i in dev),
        (*(replace(each, label=None, references=()) for each in rest), *task.unlabelled),
        (*(each.label for each in rest), *(None for _ in task.unlabelled)),
    )
