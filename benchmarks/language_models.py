"""How good a bundled masked language model is on data it never saw: SST-2, MR and TREC, without and with training.

    python -m benchmarks.language_models DATA [--model NAME] [--shots 16]

DATA holds a folder for each task with `train.csv` and `test.csv` (columns text_a and label).
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path
from typing import Any

import numpy as np

from core.data.catalog import load_task
from core.data.files import DataLimits
from core.data.split import LM_BFF_SEEDS, draw_split
from core.data.task import Task
from core.inspection import look_at_examples, read_question
from core.methods.method import Problem
from core.methods.options import read_options
from core.methods.registry import method_named
from core.models.backbone import Backbone, load_backbone
from core.models.placement import Placement
from core.prompts.pvp import PVP

SENTIMENT = ("{text_a} It was {mask}.", {"negative": ["terrible"], "positive": ["great"]})
TREC = ("{mask}: {text_a}", {"abbreviation": ["expression"], "entity": ["entity"], "description": ["description"],
                             "human": ["human"], "location": ["location"], "number": ["number"]})
TASKS = {"sst2": SENTIMENT, "mr": SENTIMENT, "trec": TREC}


def zero_shot(task: Task, pvp: PVP, backbone: Backbone) -> dict[str, float]:
    """Accuracy over the whole test part, as it is and calibrated."""
    words = {label: ", ".join(each) for label, each in pvp.verbalizer.words}
    found = look_at_examples(read_question(str(pvp.pattern), words, task, backbone), task.test, backbone)
    return {"zero_shot": found.evaluation.accuracy, "calibrated": found.calibrated.accuracy}


def few_shot(task: Task, pvp: PVP, backbone: Backbone, method: str, shots: int) -> dict[str, float]:
    """Mean and standard deviation of test accuracy over the five seeds, default options."""
    made, found = method_named(method), []
    for seed in LM_BFF_SEEDS:
        problem = Problem(task.labels, (pvp,), draw_split(task, shots, seed), backbone, seed)
        learned = made.learn(problem, read_options(made.options, {}, method), lambda *_, **__: None)
        answers = learned.predictor.log_probs(task.test).argmax(1)
        found.append(float((answers == np.array(problem.gold(task.test))).mean()))
    return {"mean": statistics.mean(found), "sd": statistics.stdev(found)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default="mini-masked")
    parser.add_argument("--shots", type=int, default=16, help="0 leaves training out")
    options = parser.parse_args()
    backbone = load_backbone(options.model, Placement.choose("auto"))
    results: dict[str, Any] = {"model": options.model, "parameters": backbone.parameters}
    for name, (pattern, words) in TASKS.items():
        folder = options.data / name
        source = {"name": name, "train": str(folder / "train.csv"), "test": str(folder / "test.csv"),
                  "text_a": "text_a", "label": "label"}
        task = load_task(source, limits=DataLimits())
        pvp = PVP.of(pattern, words, task.labels, False)
        results[name] = zero_shot(task, pvp, backbone)
        if options.shots:
            results[name] |= {method: few_shot(task, pvp, backbone, method, options.shots)
                              for method in ("head", "lm-bff")}
        print(json.dumps({name: results[name]}), flush=True)
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
