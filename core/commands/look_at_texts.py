"""`look` on a task whose answers are texts: what the model writes, and how good it is."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from core.commands.command import Result, align
from core.errors import SpecError

if TYPE_CHECKING:
    from core.data.task import Example, Task
    from core.inspection import Question, TextsView, TextView
    from core.models.backbone import Backbone
    from core.models.decoding import Decoding

_MOST_TOKENS, _MOST_BEAMS = 512, 16
_SHOWN = 10  # outputs, to a person


def look_for_texts(question: Question, task: Task, typed: Example | None, options: Namespace,
                   backbone: Backbone) -> Result:
    """What the model writes for a typed example, or for the test part.

    Raises:
        InputError: an option is out of its range, or the pattern does not fit into the model.
    """
    from core.inspection import look_at_text, look_at_texts
    from core.runs.execution import test_part

    decoding = _decoding(options)
    if typed is not None:
        view = look_at_text(question, typed, backbone, decoding)
        return _of_text(view, _references(typed, task), typed)
    return _of_texts(look_at_texts(question, test_part(task, options.limit), backbone, decoding))


def _decoding(options: Namespace) -> Decoding:
    from core.models.decoding import Decoding

    ranges = {"max_tokens": (1, _MOST_TOKENS), "beams": (1, _MOST_BEAMS), "temperature": (0, 10),
              "top_p": (0, 1)}
    for name, (low, high) in ranges.items():
        if not low <= getattr(options, name) <= high:
            raise SpecError("--{option} is {value}; it must be between {low} and {high}.",
                            option=name.replace("_", "-"), value=getattr(options, name), low=low,
                            high=high)
    if options.beams > 1 and options.temperature > 0:
        raise SpecError("Beam search draws nothing: give --beams or --temperature, not both.")
    return Decoding(options.max_tokens, beams=options.beams, temperature=options.temperature,
                    top_p=options.top_p, seed=options.seed, one_line=True)


def _references(typed: Example, task: Task) -> tuple[str, ...]:
    """Those of the task's example with the same source; none if there is no such example."""
    return next((example.references for example in (*task.test, *task.train)
                 if example.text_a == typed.text_a), ())


def _of_text(view: TextView, references: Sequence[str], typed: Example) -> Result:
    metrics = _measured(view.output, references, typed) if references else {}
    document = {"tokens": view.source, "output": view.output, "references": list(references),
                "metrics": metrics}
    lines = [f"{view.prompt.text('')}", f"output: {view.output}",
             *(f"reference: {reference}" for reference in references)]
    return Result(document, "\n".join(filter(None, [*lines, _lines(metrics)])))


def _measured(output: str, references: Sequence[str], typed: Example) -> dict[str, float]:
    from core.metrics.answers import TextAnswers
    from core.metrics.evaluation import evaluate

    found = evaluate(TextAnswers([output], [references], [typed.text_a]), "generation")
    return found.metrics


def _of_texts(view: TextsView) -> Result:
    from core.inspection import closest_reference

    document = {"metrics": view.metrics, "n": view.n, "outputs": list(view.outputs)}
    rows = [f"{output}\n    {closest_reference(output, example.references)}"
            for output, example in zip(view.outputs[:_SHOWN], view.examples, strict=False)]
    head = f"over {view.n} examples; outputs, and the closest reference of each:"
    return Result(document, "\n".join([_lines(view.metrics), head, *rows]))


def _lines(metrics: Mapping[str, float]) -> str:
    """A line for each metric: its name and value."""
    from core.metrics.metric import METRICS

    return align((name, METRICS[name].shown(value)) for name, value in metrics.items()
                 if name in METRICS)
