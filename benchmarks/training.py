"""A 16-shot, 2-label, 100-step `lm-bff` run, 200 test examples, beside two plainer ways."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from benchmarks import plain
from core.data.catalog import load_task
from core.data.files import DataLimits
from core.data.split import draw_split
from core.data.task import Example
from core.learning.method import LogProbs, Problem
from core.learning.training import train
from core.methods.lm_bff import LmBff, PromptFineTuningOptions
from core.models.loading import load_backbone
from core.models.placement import Placement
from core.prompts.pvp import PVP

SEED = 13


def silent(step: int, total: int, **news: object) -> None:
    """Progress that nobody listens to."""


def ours(problem: Problem, options: PromptFineTuningOptions, test: list) -> LogProbs:
    """The method as it ships."""
    return LmBff().learn(problem, options, silent).predictor.log_probs(test)


def as_lm_bff(problem: Problem, options: PromptFineTuningOptions, test: list) -> LogProbs:
    """The same loop and batches, prompts padded to 128, the head on the mask alone."""
    return plainly(problem, options, test, at_masks=True)


def plainly(problem: Problem, options: PromptFineTuningOptions, test: list, *,
            at_masks: bool = False) -> LogProbs:
    """The same loop and batches, prompts padded to 128, all logits at every position."""
    backbone, pvp = problem.backbone.trainable_copy(), problem.pvps[0]
    examples, gold = problem.split.train, torch.tensor(problem.gold(problem.split.train))
    dev_gold = np.array(problem.gold(problem.split.dev))

    def predicted(rows: list) -> LogProbs:
        with torch.inference_mode():
            return torch.cat([plain.label_log_probs(pvp, rows[i : i + 8], backbone,
                                                    at_masks=at_masks)
                              for i in range(0, len(rows), 8)]).numpy()

    train(backbone.model,
          lambda batch: torch.nn.functional.nll_loss(
              plain.label_log_probs(pvp, [examples[i] for i in batch], backbone,
                                    at_masks=at_masks), gold[batch]),
          len(examples), options.schedule(problem), problem.seed,
          lambda: float((predicted(list(problem.split.dev)).argmax(1) == dev_gold).mean()), silent)
    return predicted(test)


def main() -> None:
    """Measure and print."""
    task = load_task("reviews", limits=DataLimits())
    pvp = PVP.of(
        "{text_a} It was {mask}.", {"negative": ["terrible"], "positive": ["great"]}, task.schema
    )
    backbone = load_backbone("mini-masked", Placement.choose("cpu"))
    problem = Problem(task.schema, (pvp,), draw_split(task, 16, SEED), backbone, SEED)
    found = {}
    for batch_size in (8, 4):
        found[f"batches_of_{batch_size}"] = _compare(
            problem, PromptFineTuningOptions(batch_size=batch_size), task.test[:200]
        )
    print(json.dumps({"threads": torch.get_num_threads(), **found}, indent=2))


def _compare(
    problem: Problem, options: PromptFineTuningOptions, test: Sequence[Example]
) -> dict[str, Any]:
    gold = np.array(problem.gold(test))
    found: dict[str, Any] = {"seconds": {}, "accuracy": {}}
    answers = []
    for name, way in (("ours", ours), ("lm_bff", as_lm_bff), ("plain", plainly)):
        way(problem, replace(options, steps=2), list(test[:2]))  # warm
        start = time.perf_counter()
        answers.append(way(problem, options, list(test)))
        found["seconds"][name] = time.perf_counter() - start
        found["accuracy"][name] = float((answers[-1].argmax(1) == gold).mean())
    took = found["seconds"]
    difference = max(float(np.abs(np.exp(answers[0]) - np.exp(other)).max())
                     for other in answers[1:])
    return {**found, "ratio": took["plain"] / took["ours"],
            "ratio_to_lm_bff": took["lm_bff"] / took["ours"],
            "largest_difference_of_probability": difference}


if __name__ == "__main__":
    main()
