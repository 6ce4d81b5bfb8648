"""A check before anything starts: does every run of a study fit its task, model and host?"""

from __future__ import annotations

from collections.abc import Sequence

from core.data.split import draw_split
from core.data.task import Task
from core.methods.registry import check_kind, check_method
from core.models.loading import BackboneCache
from core.runs.estimate import check_steps
from core.runs.execution import make_problem
from core.runs.spec import RunSpec


def models_of(run: RunSpec) -> tuple[str, ...]:
    """The models that a run asks: its own, and others that its method names."""
    method, options = run.method_and_options()
    return (run.model, *method.other_models(options))


def check_runs(runs: Sequence[RunSpec], task: Task, backbones: BackboneCache,
               max_steps: int) -> None:
    """Raise for the first run that could not work; what several runs share is checked once.

    Raises:
        InputError: too few rows for K, a word of several tokens, a model of the wrong family, too
            many steps …
    """
    checked = set()
    for run in runs:
        method, options = run.method_and_options()
        check_kind(method, task.schema.kind)
        check_steps(run, max_steps)
        draw = (run.shots, run.seed)
        setting = (run.method, str(run.options), run.pattern_text, run.words_text, run.shots)
        if draw not in checked:
            draw_split(task, *draw)
        if setting not in checked:
            check_method(method, make_problem(run, task, backbones), options)
        checked |= {draw, setting}
