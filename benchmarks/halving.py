"""Does dropping candidates early cost anything? All are trained to the end, the rule is replayed.

    python -m benchmarks.halving FOLDER [--tasks sst2 trec snli] [--seeds 13 21 42 87 100]
                                        [--tried 16] [--test 500]

FOLDER holds a folder for each task with train.csv and test.csv. A candidate's course does not
depend on the others, so one full ranking shows what both ways pick: the paper's, which trains all
to the end, and the default, which drops those that fall behind. Prints for each search whether both
pick the same, the test accuracy of either pick, and the share of the steps that dropping takes.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from core.data.catalog import load_task
from core.data.files import DataLimits
from core.data.split import LM_BFF_SEEDS, draw_split
from core.data.task import Task
from core.learning.method import Problem
from core.learning.reranking import RUNGS, Reranking
from core.methods.auto_words import AutoWordsOptions, word_candidates
from core.methods.lm_bff import LmBff
from core.models.backbone import Backbone
from core.models.loading import load_backbone
from core.models.placement import Placement
from core.prompts.library import published_pvps
from core.prompts.pvp import PVP

Curve = dict[int, float]  # step → development accuracy


def task_in(folder: Path, name: str) -> Task:
    """The task whose files lie in the folder's folder of its name."""
    return load_task(
        {
            "name": name,
            "train": str(folder / name / "train.csv"),
            "test": str(folder / name / "test.csv"),
        },
        limits=DataLimits(rows=1_000_000),
    )


def curves(problem: Problem, candidates: list[Any], options: AutoWordsOptions) -> list[Curve]:
    """The development accuracy of every candidate at each evaluation."""
    found: dict[int, Curve] = defaultdict(dict)

    def report(
        step: int, total: int, *, dev_score: float | None = None, **_: object  # noqa: ARG001
    ) -> None:
        if dev_score is not None:
            number = (step - 1) // options.steps
            found[number][step - number * options.steps] = dev_score

    Reranking(problem, options, False).rank(candidates, options.tried, report)
    return [found[number] for number in range(len(found))]


def replayed(
    problem: Problem, courses: list[Curve], options: AutoWordsOptions
) -> tuple[list[int], int]:
    """The candidates that the rule lets come to the end, and the steps it takes in all."""
    rule, through, steps = Reranking(problem, options, True), [], 0
    for number, course in enumerate(courses):
        reached, best = options.steps, 0.0
        for step, accuracy in sorted(course.items()):
            best = max(best, accuracy)
            if step < options.steps and rule.falls_behind(step, best):
                reached = step
                break
        steps += reached
        through += [number] * (reached == options.steps)
    return through, steps


def compare(task: Task, name: str, seed: int, backbone: Backbone, options: AutoWordsOptions,
            test: int) -> dict[str, Any]:
    """Both ways on one split."""
    manual = next(known for known in published_pvps(name) if known.source.startswith("LM-BFF"))
    pvp = PVP.of(manual.pattern, manual.words, task.schema)
    problem = Problem(task.schema, (pvp,), draw_split(task, 16, seed), backbone, seed)
    candidates = word_candidates(problem, pvp, options)[0][: options.tried]
    courses = curves(problem, candidates, options)
    through, steps = replayed(problem, courses, options)
    tops = [max(course.values()) for course in courses]
    full, dropping = (max(among, key=lambda number: (tops[number], -number))
                      for among in (range(len(courses)), through))
    rows = task.test[:test]
    worth = {
        number: _test_accuracy(problem, candidates[number].pvp, options, rows)
        for number in {full, dropping}
    }
    return {
        "task": name,
        "seed": seed,
        "same": full == dropping,
        "dev": [tops[full], tops[dropping]],
        "test": [worth[full], worth[dropping]],
        "steps_share": steps / (len(courses) * options.steps),
    }


def _test_accuracy(problem: Problem, pvp: PVP, options: AutoWordsOptions, rows: Any) -> float:
    learned = LmBff().learn(
        Problem(problem.schema, (pvp,), problem.split, problem.backbone, problem.seed),
        options,
        lambda *_, **__: None,
    )
    return float((learned.predictor.log_probs(rows).argmax(1) == problem.gold(rows)).mean())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tasks", nargs="+", default=["sst2", "trec", "snli"])
    parser.add_argument("--seeds", nargs="+", type=int, default=list(LM_BFF_SEEDS))
    parser.add_argument("--tried", type=int, default=16)
    parser.add_argument("--test", type=int, default=500)
    given = parser.parse_args()
    options = AutoWordsOptions(
        tried=given.tried, evaluate_every=round(RUNGS[0] * AutoWordsOptions().steps)
    )
    backbone = load_backbone("mini-masked", Placement.choose("auto"))
    found = []
    for name in given.tasks:
        task = task_in(given.folder, name)
        for seed in given.seeds:
            found.append(compare(task, name, seed, backbone, options, given.test))
            print(json.dumps(found[-1]), flush=True)
    print(json.dumps(_summary(found), indent=2))


def _summary(found: list[dict[str, Any]]) -> dict[str, Any]:
    ways = np.array([row["test"] for row in found])  # [searches, 2]
    return {
        "searches": len(found),
        "same": float(np.mean([row["same"] for row in found])),
        "test_mean": ways.mean(0).tolist(),
        "test_difference_sd": float((ways[:, 1] - ways[:, 0]).std()),
        "steps_share": float(np.mean([row["steps_share"] for row in found])),
    }


if __name__ == "__main__":
    main()
