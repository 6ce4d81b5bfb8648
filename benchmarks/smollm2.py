"""The language model that a package carries: the Lab's answers, demonstrations, fine-tuning.

python -m benchmarks.smollm2 [--train train.csv --test test.csv] [--only lab|demonstrations|lm-bff]

Beside each stands the plain way: float32, padding to 128 or to the longest prompt of eight, each
prompt read whole, and all logits at every position. Of its fine-tuning ten steps are measured.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch

from core import inspection
from core.data.catalog import load_task
from core.data.files import DataLimits
from core.data.split import draw_split
from core.data.task import Example, Task
from core.inspection import Question, look_at_prompt, look_in_parts
from core.learning.fine_tuning import PromptFineTuningOptions
from core.learning.in_context import draw_evenly
from core.learning.method import Problem
from core.learning.training import train
from core.methods.in_context import InContext, InContextOptions
from core.methods.lm_bff import LmBff
from core.models.backbone import Backbone
from core.models.batches import collate
from core.models.encoding import encode
from core.models.loading import BackboneCache
from core.models.pieces import single_ids
from core.models.placement import EXACT, Placement
from core.prompts.demonstrations import with_demonstrations
from core.prompts.pattern import Prompt
from core.prompts.pvp import PVP
from core.settings import Settings

MODEL, SEED, LENGTH = "smollm2-135m", 13, 128
PATTERN, WORDS = "{text_a} It was {mask}.", {"negative": ["terrible"], "positive": ["great"]}


def seconds(do: Callable[[], object]) -> float:
    """How long `do` takes."""
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


def compared(plain: float, ours: float, **more: float) -> dict[str, float]:
    """Both times in seconds, and their ratio."""
    return {"plain": plain, "ours": ours, "ratio": plain / ours, **more}


@torch.inference_mode()
def plain_answers(prompts: Sequence[Prompt], columns: Sequence[int], backbone: Backbone,
                  at_least: int = 0) -> torch.Tensor:
    """Label log-probabilities, `[N, C]`: eight prompts at a time, all logits at every position."""
    answers = []
    for start in range(0, len(prompts), 8):
        answers.append(plain_logits(prompts[start : start + 8], columns, backbone, at_least))
    return torch.cat(answers).log_softmax(-1)


def plain_logits(prompts: Sequence[Prompt], columns: Sequence[int], backbone: Backbone,
                 at_least: int) -> torch.Tensor:
    """Logits of the label words, `[B, C]`, from the whole vocabulary's, `[B, T, V]`."""
    batch = collate(encode(prompts, backbone), backbone)
    missing = max(0, at_least - batch.ids.shape[1])
    ids, seen = (torch.nn.functional.pad(part, (0, missing))
                 for part in (batch.ids, batch.attention))
    model: Any = backbone.model
    logits = model(input_ids=ids, attention_mask=seen, use_cache=False).logits  # [B, T, V]
    return logits[batch.rows, batch.columns][:, list(columns)]  # type: ignore[no-any-return]


def in_the_lab(task: Task, pvp: PVP, backbone: Backbone, plain: Backbone) -> dict[str, Any]:
    """One text, and 64 examples in growing parts."""
    columns, examples = single_ids(pvp.verbalizer.all_words(), backbone), task.test[:64]

    def question(turn: int) -> Question:
        asked = PVP.of("{text_a} So " + "x" * (turn + 2) + ": it was {mask}.", WORDS, task.schema)
        return Question(asked.pattern, asked.verbalizer)

    def parts(turn: int) -> tuple[float, float]:
        began = time.perf_counter()
        ends = [time.perf_counter() - began
                for _ in look_in_parts(question(turn), examples, backbone)]
        return ends[0], ends[-1]

    def plainly(some: Sequence[Example]) -> float:
        prompts = [question(0).pattern.render(example) for example in some]
        return seconds(lambda: plain_answers(prompts, columns, plain, LENGTH))

    def one(turn: int) -> object:
        return look_at_prompt(question(turn), examples[0], backbone)

    one(9)
    first, whole = map(min, zip(*(parts(turn) for turn in range(3)), strict=True))
    times = [seconds(partial(one, turn)) for turn in range(10, 17)]
    inspection.forget()
    return {"one_text": compared(min(plainly(examples[:1]) for _ in range(3)), min(times)),
            "64_examples": compared(plainly(examples), whole, first_16=first)}


def demonstrated(problem: Problem, test: Sequence[Example], plain: Backbone) -> dict[str, Any]:
    """Sixteen answered examples before 200 questions."""
    method = InContext()
    options = InContextOptions(demonstrations=16)
    answers: list[Any] = []

    def ours() -> None:
        learned = method.learn(problem, options, silent)
        answers.append(learned.predictor.log_probs(test))

    pvp = problem.pvps[0]
    drawn = draw_evenly(problem.split.train, problem.schema.labels, 16, problem.seed)
    prompts = [with_demonstrations(pvp.pattern, example, drawn, pvp.verbalizer, before=True)
               for example in test]
    columns = single_ids(pvp.verbalizer.all_words(), plain)
    took = seconds(ours)
    theirs = seconds(lambda: answers.append(plain_answers(prompts, columns, plain).numpy()))
    difference = float(abs(np.exp(answers[0]) - np.exp(answers[1])).max())
    return compared(theirs, took, largest_difference_of_probability=difference)


def fine_tuned(problem: Problem, plain: Backbone) -> dict[str, Any]:
    """A hundred steps of eight examples, of all layers and of the top eight."""
    found: dict[str, Any] = {}
    for top in (0, 8):
        options = PromptFineTuningOptions(top_layers=top)
        found[f"top_{top}" if top else "all_layers"] = seconds(
            partial(LmBff().learn, problem, options, silent))
    step = plain_step_seconds(problem, plain)
    return {**found, "plain_all_layers": 100 * step,
            "ratio": 100 * step / found["all_layers"]}


def plain_step_seconds(problem: Problem, plain: Backbone, steps: int = 10) -> float:
    """Seconds of a step whose prompts are padded to 128, with all logits at every position."""
    copy, pvp = plain.trainable_copy(), problem.pvps[0]
    columns = single_ids(pvp.verbalizer.all_words(), plain)
    prompts = [pvp.pattern.render(example) for example in problem.split.train]
    gold = torch.tensor(problem.gold(problem.split.train))
    schedule = replace(PromptFineTuningOptions(evaluate_every=steps).schedule(problem),
                       steps=steps)

    def loss(batch: list[int]) -> torch.Tensor:
        logits = plain_logits([prompts[index] for index in batch], columns, copy, LENGTH)
        return torch.nn.functional.cross_entropy(logits, gold[batch])

    return seconds(lambda: train(copy.model, loss, len(prompts), schedule, SEED, lambda: 0.0,
                                 silent)) / steps


def silent(step: int, total: int, **news: object) -> None:
    """Progress that nobody listens to."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train")
    parser.add_argument("--test")
    parser.add_argument("--only", choices=("lab", "demonstrations", "lm-bff"))
    options = parser.parse_args()
    source = {"train": options.train, "test": options.test, "name": "own"}
    task = load_task(source if options.train else "reviews", limits=DataLimits())
    pvp = PVP.of(PATTERN, WORDS, task.schema)
    settings = Settings.from_environment(os.environ)
    cache = BackboneCache(Placement.choose("cpu", settings.precision),
                          converted=settings.converted_models)
    backbone = cache.get(MODEL)
    plain = replace(backbone.in_float32(), placement=Placement("cpu", EXACT))
    problem = Problem(task.schema, (pvp,), draw_split(task, 16, SEED), backbone, SEED)
    work = {"lab": lambda: in_the_lab(task, pvp, backbone, plain),
            "demonstrations": lambda: demonstrated(problem, task.test[:200], plain),
            "lm-bff": lambda: fine_tuned(problem, plain)}
    found = {name: do() for name, do in work.items() if options.only in (None, name)}
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"placement": str(cache.placement), "threads": torch.get_num_threads(),
                      **found, "most_megabytes": most}, indent=2))


if __name__ == "__main__":
    main()
