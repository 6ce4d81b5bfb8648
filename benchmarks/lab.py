"""The Lab's answers: one text, 64 examples, and a changed label word, beside the plain way."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable

import torch

from benchmarks import plain
from core import inspection
from core.data.catalog import load_task
from core.data.files import DataLimits
from core.inspection import Question, look_at_examples, look_at_prompt
from core.models.backbone import load_backbone
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


def main() -> None:
    """Measure and print."""
    task = load_task("reviews", limits=DataLimits())
    backbone = load_backbone("mini-masked", Placement.choose("cpu"))
    examples = task.test[:64]

    def question(turn: int, words: dict[str, list[str]] = WORDS) -> PVP:
        return PVP.of("{text_a} It was " + "x" * (turn + 2) + " {mask}.", words, task.schema)

    def ask(pvp: PVP) -> Question:
        return Question(pvp.pattern, pvp.verbalizer)

    def typed_word(turn: int) -> object:
        words = {"negative": ["bad"], "positive": [["good", "fine", "nice"][turn % 3]]}
        return look_at_examples(ask(question(0, words)), examples, backbone)

    with torch.inference_mode():
        check = plain.label_log_probs(question(0), examples, backbone)
    view = look_at_examples(ask(question(0)), examples, backbone)
    mean = dict(zip(task.schema.labels, check.exp().mean(0).tolist(), strict=True))
    difference = max(
        abs(mean[label] - view.label_probabilities_mean[label]) for label in task.schema.labels
    )
    inspection.forget()

    with torch.inference_mode():
        plain_one = median_ms(
            lambda turn: plain.label_log_probs(question(turn), examples[:1], backbone)
        )
        plain_many = median_ms(
            lambda turn: plain.label_log_probs(question(turn), examples, backbone)
        )
    one = median_ms(lambda turn: look_at_prompt(ask(question(turn)), examples[0], backbone))
    many = median_ms(lambda turn: look_at_examples(ask(question(turn)), examples, backbone))
    word = median_ms(typed_word)
    print(
        json.dumps(
            {
                "threads": torch.get_num_threads(),
                "largest_difference_of_mean_probability": difference,
                "one_text_ms": {"plain": plain_one, "ours": one, "ratio": plain_one / one},
                "64_examples_ms": {"plain": plain_many, "ours": many, "ratio": plain_many / many},
                "64_examples_after_a_new_label_word_ms": {
                    "plain": plain_many,
                    "ours": word,
                    "ratio": plain_many / word,
                },
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
