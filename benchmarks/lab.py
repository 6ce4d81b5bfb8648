"""The Lab's answers: one text, 64 examples, and a changed label word, beside the plain way."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Sequence

import torch

from benchmarks import plain
from core import inspection
from core.data.catalog import load_task
from core.data.files import DataLimits
from core.data.task import Example, Task
from core.inspection import Question, look_at_examples, look_at_prompt
from core.models.backbone import Backbone
from core.models.loading import load_backbone
from core.models.placement import Placement
from core.prompts.pvp import PVP

WORDS = {"negative": ["terrible"], "positive": ["great"]}
REPEATS = 15


def median_ms(do: Callable[[int], object]) -> float:
    """Median milliseconds of `do(i)`, after one call that is not counted."""
    do(-1)
    times = []
    for turn in range(REPEATS):
        start = time.perf_counter()
        do(turn)
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def pvp_of(task: Task, turn: int, words: dict[str, list[str]] = WORDS) -> PVP:
    """A pattern that no other turn has."""
    return PVP.of("{text_a} It was " + "x" * (turn + 2) + " {mask}.", words, task.schema)


def question(task: Task, turn: int, words: dict[str, list[str]] = WORDS) -> Question:
    """The same as the Lab asks it."""
    pvp = pvp_of(task, turn, words)
    return Question(pvp.pattern, pvp.verbalizer)


def largest_difference(task: Task, examples: Sequence[Example], backbone: Backbone) -> float:
    """Between the mean label probabilities of both ways."""
    with torch.inference_mode():
        means = plain.label_log_probs(pvp_of(task, 0), examples, backbone).exp().mean(0)  # [C]
    found = look_at_examples(question(task, 0), examples, backbone).label_probabilities_mean
    inspection.forget()
    pairs = zip(means.tolist(), found.values(), strict=True)
    return max(abs(one - other) for one, other in pairs)


def plain_ms(task: Task, examples: Sequence[Example], backbone: Backbone) -> float:
    """Median milliseconds of the plain way."""
    with torch.inference_mode():
        return median_ms(
            lambda turn: plain.label_log_probs(pvp_of(task, turn), examples, backbone))


def compared(plain_time: float, our_time: float) -> dict[str, float]:
    """Both times, in milliseconds, and their ratio."""
    return {"plain": plain_time, "ours": our_time, "ratio": plain_time / our_time}


def main() -> None:
    """Measure and print."""
    task = load_task("reviews", limits=DataLimits())
    backbone = load_backbone("mini-masked", Placement.choose("cpu"))
    examples = task.test[:64]

    def new_word(turn: int) -> object:
        words = {"negative": ["bad"], "positive": [["good", "fine", "nice"][turn % 3]]}
        return look_at_examples(question(task, 0, words), examples, backbone)

    difference = largest_difference(task, examples, backbone)
    plain_one, plain_many = (plain_ms(task, some, backbone) for some in (examples[:1], examples))
    one = median_ms(lambda turn: look_at_prompt(question(task, turn), examples[0], backbone))
    many = median_ms(lambda turn: look_at_examples(question(task, turn), examples, backbone))
    print(json.dumps({
        "threads": torch.get_num_threads(),
        "largest_difference_of_mean_probability": difference,
        "one_text_ms": compared(plain_one, one),
        "64_examples_ms": compared(plain_many, many),
        "64_examples_after_a_new_label_word_ms": compared(plain_many, median_ms(new_word)),
    }, indent=2))


if __name__ == "__main__":
    main()
