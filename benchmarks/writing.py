"""Prefix-tuning and writing: a test set at once, sources once, the MLP once a step, memory.

python -m benchmarks.writing [--model smollm2-135m] [--task restaurants] [--sources 40]

Beside each stands the plain way: one source at a time, every row of the test file anew, the MLP for
every row of a batch, and several prefixes one after the other.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import torch

from core.data.catalog import load_task
from core.data.task import Example
from core.learning.prefix_predictor import PrefixTextPredictor
from core.learning.text_predictor import Pair
from core.learning.text_training import batch_loss
from core.models.decoding import Decoding
from core.models.loading import BackboneCache
from core.models.placement import Placement
from core.models.prefix import Prefix, stack
from core.models.prefix_parameters import MlpPrefix, new_parameters
from core.models.writing import write
from core.prompts.pattern import Pattern
from core.settings import Settings

LENGTH, MIDDLE, ROWS, STEPS, PREFIXES = 5, 512, 10, 5, 8
DECODING = Decoding(max_tokens=32, min_tokens=32)  # all texts of one length: the same work


def seconds(do: Callable[[], object]) -> float:
    """How long `do` takes."""
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


def compared(plain: float, ours: float, **more: float) -> dict[str, float]:
    """Both times in seconds, and their ratio."""
    return {"plain": plain, "ours": ours, "ratio": plain / ours, **more}


def writing(predictor: PrefixTextPredictor, examples: list[Example]) -> dict[str, Any]:
    """A test set at once beside one source at a time; both write the same texts."""
    backbone, prefix = predictor.backbone, predictor.prefix
    sources = [source.ids for source in predictor.sources(examples)]
    texts: list[Any] = []
    ours = seconds(lambda: texts.append(write(backbone, sources, DECODING, prefix)))
    plain = seconds(lambda: texts.append(
        [write(backbone, [source], DECODING, prefix)[0] for source in sources]))
    same = sum(one.ids == other.ids for one, other in zip(*texts, strict=True))
    return compared(plain, ours, sources=len(sources), equal_texts=same)


def repeated(predictor: PrefixTextPredictor, examples: list[Example]) -> dict[str, Any]:
    """Every row of a file with three rows a source, beside distinct sources once."""
    sources = [source.ids for source in predictor.sources(examples)]
    rows = [source for source in sources for _ in range(3)]
    ours = seconds(lambda: write(predictor.backbone, rows, DECODING, predictor.prefix))
    own = stack([predictor.prefix] * len(rows)) if predictor.prefix else None  # so all are written
    plain = seconds(lambda: write(predictor.backbone, rows, DECODING, own))
    return compared(plain, ours, rows=len(rows), sources=len(sources))


def training(predictor: PrefixTextPredictor, parameters: MlpPrefix,
             pairs: list[Pair]) -> dict[str, Any]:
    """A step whose MLP is computed once, beside one that computes it for every row."""
    def step(prefix: Callable[[], Prefix]) -> None:
        batch_loss(predictor, pairs, "sum", prefix()).backward()  # type: ignore[no-untyped-call]
        parameters.zero_grad()

    def for_every_row() -> Prefix:
        return stack([parameters() for _ in pairs])

    step(parameters)
    ours = seconds(lambda: [step(parameters) for _ in range(STEPS)])
    plain = seconds(lambda: [step(for_every_row) for _ in range(STEPS)])
    return compared(plain / STEPS, ours / STEPS, rows=len(pairs))


def together(predictor: PrefixTextPredictor, pairs: list[Pair]) -> dict[str, Any]:
    """Eight prefixes in one batch beside one after the other: training with two rows each."""
    torch.manual_seed(0)
    many = [new_parameters(predictor.backbone, "mlp", LENGTH, MIDDLE) for _ in range(PREFIXES)]
    own = pairs[:2]

    def in_turn() -> None:
        for parameters in many:
            batch_loss(predictor, own, "sum", parameters()).backward()  # type: ignore[no-untyped-call]

    def at_once() -> None:
        rows = torch.arange(PREFIXES).repeat_interleave(len(own))
        prefix = stack([parameters() for parameters in many]).of_rows(rows)
        batch_loss(predictor, own * PREFIXES, "sum", prefix).backward()  # type: ignore[no-untyped-call]

    at_once()
    trained = compared(seconds(in_turn), seconds(at_once), prefixes=PREFIXES)
    prefixes = [parameters().detached() for parameters in many]
    source = pairs[0].source
    backbone = predictor.backbone
    plain = seconds(lambda: [write(backbone, [source], DECODING, each) for each in prefixes])
    ours = seconds(lambda: write(backbone, [source] * PREFIXES, DECODING, stack(prefixes)))
    return {"training": trained, "writing": compared(plain, ours, prefixes=PREFIXES)}


def memory(arguments: list[str]) -> dict[str, float]:
    """The most memory of a process that only writes, and of one that trains a prefix too."""
    found = {}
    for work in ("write", "train"):
        command = [sys.executable, "-m", "benchmarks.writing", *arguments, "--alone", work]
        answer = subprocess.run(command, check=True, capture_output=True, text=True)
        found[work] = float(answer.stdout)
    return {"writing_megabytes": found["write"], "training_megabytes": found["train"],
            "ratio": found["train"] / found["write"]}


def alone(work: str, predictor: PrefixTextPredictor, parameters: MlpPrefix,
          examples: list[Example]) -> None:
    """One kind of work in a process of its own; prints its most memory in megabytes."""
    predictor.generate(examples[:ROWS])
    if work == "train":
        pairs = predictor.pairs(examples)[:ROWS]
        optimizer = torch.optim.AdamW(parameters.parameters(), lr=1e-3)
        for _ in range(2):
            batch_loss(predictor, pairs, "sum", parameters()).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--task", default="restaurants")
    parser.add_argument("--sources", type=int, default=40)
    parser.add_argument("--alone", choices=("write", "train"))
    options = parser.parse_args()
    settings = Settings.from_environment(os.environ)
    cache = BackboneCache(Placement.choose("cpu", settings.precision),
                          converted=settings.converted_models)
    backbone = cache.get(options.model)
    torch.manual_seed(0)
    parameters: Any = new_parameters(backbone, "mlp", LENGTH, MIDDLE)
    predictor = PrefixTextPredictor(backbone, Pattern.parse("{text_a} {mask}"), DECODING,
                                    prefix=parameters().detached(), separator=True)
    examples = list(load_task(options.task).test[:options.sources])
    if options.alone:
        alone(options.alone, predictor, parameters, examples)
        return
    pairs = predictor.pairs(examples)[:ROWS]
    given = ["--model", options.model, "--task", options.task]
    print(json.dumps({
        "model": options.model, "placement": str(cache.placement),
        "threads": torch.get_num_threads(), "test_set": writing(predictor, examples),
        "distinct_sources": repeated(predictor, examples[:10]),
        "mlp_once": training(predictor, parameters, pairs),
        "eight_prefixes": together(predictor, pairs), "memory": memory(given)}, indent=2))


if __name__ == "__main__":
    main()
