"""What can be told before anything starts: does every run of a study fit its task, its model and this host?"""

from __future__ import annotations

from collections.abc import Sequence

from core.data.split import draw_split
from core.data.task import Task
from core.learning.options import read_options
from core.methods.registry import check_kind, check_method, method_named
from core.models.backbone import BackboneCache
from core.runs.estimate import check_steps
from core.runs.execution import make_problem
from core.runs.spec import RunSpec


def check_runs(runs: Sequence[RunSpec], task: Task, backbones: BackboneCache, max_steps: int) -> None:
    """Raise for the first run that could not work; each distinct question is asked once.

    Raises:
        InputError: too few rows for K, a word of several tokens, a model of the wrong family, too many steps …
    """
    asked = set()
    for run in runs:
        check_kind(method_named(run.method), task.schema.kind)
        check_steps(run, max_steps)
        draw = (run.shots, run.seed)
        question = (run.method, str(run.options), run.pattern_text, run.words_text, run.shots)
        if draw not in asked:
            draw_split(task, *draw)
        if question not in asked:
            method = method_named(run.method)
            check_method(method, make_problem(run, task, backbones),
                         read_options(method.options, run.options, method.name))
        asked |= {draw, question}
