"""PET beside the plain procedure: words of several tokens, and a run of three patterns.

    python -m benchmarks.pet [--examples 48] [--steps 10] [--student 20] [--pool 100]

The plain way, as PET's own code: prompts padded to 256 with logits of the whole vocabulary at every
position; words of several tokens one example, one word and one token at a time; every model loaded
anew, every text tokenised anew for it. Each pattern is trained three times. Both ways train on the
same batches and must give the same.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import torch
from torch.nn import functional as F

from benchmarks import plain
from core.data.catalog import load_task
from core.data.files import DataLimits
from core.data.split import draw_split
from core.data.task import Example
from core.learning.distillation import StudentOptions
from core.learning.members import plans
from core.learning.merging import distillation_loss, merge, soft_labels
from core.learning.method import Problem
from core.learning.training import Schedule, train
from core.methods.head import with_head
from core.methods.pet import Pet, pattern_weights, pool_rows
from core.models.backbone import Backbone, load_backbone
from core.models.multi_mask import answer_ids, fill_words
from core.models.placement import Placement
from core.prompts.pvp import PVP

T = TypeVar("T")
LENGTH, SEED, BATCH = 256, 13, 8
SINGLE = {"negative": ["terrible"], "positive": ["great"]}
SEVERAL = {"negative": ["a waste of time"], "positive": ["well worth the money"]}
PATTERNS = (
    "{text_a} It was {mask}.",
    "{text_a} All in all, it was {mask}.",
    "Just {mask}! {text_a}",
)


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """The result and the seconds it took."""
    began = time.perf_counter()
    return work(), time.perf_counter() - began


def silent(step: int, total: int, **news: object) -> None:
    """Progress that nobody listens to."""


def several_masks(problem: Problem, examples: Sequence[Example]) -> dict[str, Any]:
    """Words of four tokens each, the most probable token first."""
    backbone = problem.backbone
    pvp = PVP.of(PATTERNS[0], SEVERAL, problem.schema)
    answers = answer_ids(pvp.verbalizer, backbone)

    @torch.inference_mode()
    def one_by_one() -> list[float]:
        return [
            _filled(pvp, example, answer, backbone) for example in examples for answer in answers
        ]

    ours, mine = timed(
        lambda: fill_words(backbone, [pvp.pattern.render(example) for example in examples], answers)
    )
    scores, theirs = timed(one_by_one)
    difference = float(
        np.abs(np.array([answer.score for row in ours for answer in row]) - scores).max()
    )
    return {
        "examples": len(examples),
        "tokens": [len(answer) for answer in answers],
        "plain_seconds": theirs,
        "seconds": mine,
        "ratio": theirs / mine,
        "largest_difference_of_score": difference,
    }


def _filled(pvp: PVP, example: Example, answer: Sequence[int], backbone: Backbone) -> float:
    """The score of one word: a whole look, padded, for each of its tokens."""
    tokenizer = backbone.tokenizer
    mask = str(tokenizer.mask_token)
    text = pvp.pattern.render(example).text(" ".join([mask] * len(answer)))
    inputs = tokenizer(
        text, padding="max_length", truncation=True, max_length=LENGTH, return_tensors="pt"
    )
    places = (inputs["input_ids"][0] == tokenizer.mask_token_id).nonzero()[:, 0].tolist()
    missing, score = list(zip(places, answer, strict=True)), 0.0
    while missing:
        chances = backbone.model(**inputs).logits[0].softmax(-1)
        place, token = max(missing, key=lambda each: float(chances[each]))
        score += float(chances[place, token].log())
        inputs["input_ids"][0, place] = token
        missing.remove((place, token))
    return score


def pipeline(problem: Problem, options: StudentOptions, test: Sequence[Example]) -> dict[str, Any]:
    """Nine models, their soft labels, and the classifier."""
    ours, mine = timed(lambda: Pet().learn(problem, options, silent).predictor.log_probs(test))
    found, theirs = timed(lambda: _plainly(problem, options, test))
    return {"steps": options.steps, "classifier_steps": options.student_steps, "pool": options.pool,
            "test": len(test), "plain_seconds": theirs, "seconds": mine, "ratio": theirs / mine,
            "largest_difference_of_probability": float(np.abs(np.exp(ours) - np.exp(found)).max())}


def _plainly(problem: Problem, options: StudentOptions, test: Sequence[Example]) -> np.ndarray:
    """The same run the plain way."""
    train_rows, gold = problem.split.train, torch.tensor(problem.gold(problem.split.train))
    pool = [problem.split.unlabelled[row] for row in pool_rows(problem, options)]
    logits, weights = [], []
    for plan in plans(problem, options.repetitions):
        backbone = load_backbone("mini-masked", Placement.choose("cpu")).trainable_copy()
        weights.append(pattern_weights(problem)[plan.pvp] or 0.0)
        train(
            backbone.model,
            lambda batch, plan=plan, backbone=backbone: F.nll_loss(  # type: ignore[misc]
                plain.label_log_probs(plan.pvp, [train_rows[at] for at in batch], backbone, LENGTH),
                gold[batch],
            ),
            len(train_rows),
            options.schedule(problem),
            plan.seed,
            lambda: 0.0,
            silent,
            keep_best=False,
        )
        with torch.inference_mode():
            logits.append(
                torch.cat(
                    [
                        plain.label_log_probs(plan.pvp, pool[at : at + BATCH], backbone, LENGTH)
                        for at in range(0, len(pool), BATCH)
                    ]
                ).numpy()
            )
    targets = soft_labels(merge(np.stack(logits), weights), options.temperature)
    return _plain_student(
        problem, pool, torch.from_numpy(targets.astype(np.float32)), options, test
    )


def _plain_student(
    problem: Problem,
    pool: Sequence[Example],
    targets: torch.Tensor,
    options: StudentOptions,
    test: Sequence[Example],
) -> np.ndarray:
    fresh = load_backbone("mini-masked", Placement.choose("cpu"))
    student: Any = with_head(fresh, problem.schema.labels, problem.seed).trainable_copy().model

    def logits(rows: Sequence[Example]) -> torch.Tensor:
        inputs = fresh.tokenizer(
            [example.text_a for example in rows],
            padding="max_length",
            truncation=True,
            max_length=LENGTH,
            return_tensors="pt",
        )
        return student(**inputs).logits  # type: ignore[no-any-return]

    rate = options.schedule(problem).learning_rate
    train(
        student,
        lambda batch: distillation_loss(
            logits([pool[at] for at in batch]), targets[batch], options.temperature
        ),
        len(pool),
        Schedule(options.student_steps, options.batch_size, rate, options.evaluate_every),
        problem.seed,
        lambda: 0.0,
        silent,
        keep_best=False,
    )
    with torch.inference_mode():
        return torch.cat(
            [logits(test[at : at + BATCH]).log_softmax(-1) for at in range(0, len(test), BATCH)]
        ).numpy()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--examples", type=int, default=48)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--student", type=int, default=20)
    parser.add_argument("--pool", type=int, default=100)
    given = parser.parse_args()
    task = load_task("reviews", limits=DataLimits())
    backbone = load_backbone("mini-masked", Placement.choose("cpu"))
    pvps = tuple(PVP.of(pattern, SINGLE, task.schema) for pattern in PATTERNS)
    problem = Problem(task.schema, pvps, draw_split(task, 16, SEED), backbone, SEED)
    several_masks(problem, task.test[:1])  # warm
    options = replace(
        StudentOptions(),
        steps=given.steps,
        student_steps=given.student,
        pool=given.pool,
        evaluate_every=1000,
    )
    found = {
        "threads": torch.get_num_threads(),
        "several_masks": several_masks(problem, task.test[: given.examples]),
    }
    Pet().learn(problem, replace(options, steps=1, student_steps=1, repetitions=1), silent)  # warm
    found["pipeline"] = pipeline(problem, options, task.test[:100])
    found["peak_megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
