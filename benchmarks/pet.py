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
from core.models.backbone import Backbone
from core.models.loading import load_backbone
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
    pool = [problem.split.unlabelled[row] for row in pool_rows(problem, options)]
    logits, weights = [], []
    for plan in plans(problem, options.repetitions):
        weights.append(pattern_weights(problem)[plan.pvp] or 0.0)
        logits.append(_plain_logits(problem, plan.pvp, plan.seed, options, pool))
    targets = soft_labels(merge(np.stack(logits), weights), options.temperature)
    targets_tensor = torch.from_numpy(targets.astype(np.float32))
    return _plain_student(problem, pool, targets_tensor, options, test)


def _plain_logits(problem: Problem, pvp: PVP, seed: int, options: StudentOptions,
                  pool: Sequence[Example]) -> np.ndarray:
    """The answers, `[N, C]`, of one model for the unlabelled examples, after training it."""
    examples, gold = problem.split.train, torch.tensor(problem.gold(problem.split.train))
    backbone = load_backbone("mini-masked", Placement.choose("cpu")).trainable_copy()

    def log_probs(rows: Sequence[Example]) -> torch.Tensor:
        return plain.label_log_probs(pvp, rows, backbone, LENGTH)

    def loss(batch: Sequence[int]) -> torch.Tensor:
        return F.nll_loss(log_probs([examples[at] for at in batch]), gold[batch])

    train(backbone.model, loss, len(examples), options.schedule(problem), seed, lambda: 0.0, silent,
          keep_best=False)
    with torch.inference_mode():
        parts = [log_probs(pool[at : at + BATCH]) for at in range(0, len(pool), BATCH)]
        return torch.cat(parts).numpy()


def _plain_student(problem: Problem, pool: Sequence[Example], targets: torch.Tensor,
                   options: StudentOptions, test: Sequence[Example]) -> np.ndarray:
    """The log-probabilities, `[N, C]`, of a classifier trained on soft labels."""
    fresh = load_backbone("mini-masked", Placement.choose("cpu"))
    student: Any = with_head(fresh, problem.schema.labels, problem.seed).trainable_copy().model

    def logits(rows: Sequence[Example]) -> torch.Tensor:
        texts = [example.text_a for example in rows]
        inputs = fresh.tokenizer(texts, padding="max_length", truncation=True, max_length=LENGTH,
                                 return_tensors="pt")
        return student(**inputs).logits  # type: ignore[no-any-return]

    def loss(batch: Sequence[int]) -> torch.Tensor:
        found = logits([pool[at] for at in batch])
        return distillation_loss(found, targets[batch], options.temperature)

    rate = options.schedule(problem).learning_rate
    schedule = Schedule(options.student_steps, options.batch_size, rate, options.evaluate_every)
    train(student, loss, len(pool), schedule, problem.seed, lambda: 0.0, silent, keep_best=False)
    with torch.inference_mode():
        parts = [logits(test[at : at + BATCH]) for at in range(0, len(test), BATCH)]
        return torch.cat([part.log_softmax(-1) for part in parts]).numpy()


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
