"""The app's public endpoints, for scripts and notebooks: what the page offers, as functions."""

from __future__ import annotations

import base64
import functools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from core.data.files import read_table
from core.data.task import Example, Task
from core.errors import DataError
from core.inspection import (
    Question,
    look_at_examples,
    look_at_prompt,
    look_at_text,
    look_at_texts,
    read_question,
)
from core.models.backbone import Backbone
from core.models.decoding import Decoding
from core.runs.execution import test_part
from core.runs.spec import StudySpec
from ui.feedback import explain
from ui.services import Services

_MOST_TEXTS = 256  # that one question writes


def publish(services: Services) -> None:
    """Offer the endpoints; each turns what is wrong into one clear message."""

    def look(pattern: str, words: dict[str, Any], text: str = "", task: str = "reviews",
             model: str = "", limit: int = 64) -> dict[str, Any]:
        """Ask a pattern about one text, or about test examples of the task if the text is empty.

        Where the task's answers are texts, `words` is an empty mapping.
        """
        return _look(services, pattern, words, text, task, model, limit)

    def read_file(name: str, content: str) -> dict[str, Any]:
        """Read a table given as base64: its columns, rows, encoding and delimiter."""
        return _read_file(services, name, content)

    def plan_study(study: dict[str, Any]) -> dict[str, Any]:
        """Check a study without starting it: how many runs it makes."""
        return _plan_study(services, study)

    for endpoint in (look, read_file, plan_study):
        gr.api(_answering(endpoint), api_name=endpoint.__name__)


def _look(services: Services, pattern: str, words: dict[str, Any], text: str, task_name: str,
          model: str, limit: int) -> dict[str, Any]:
    task, backbone = services.task(task_name), services.backbones.get(
        (model or "").strip() or services.settings.model)
    typed = {str(label): ", ".join(chosen) if isinstance(chosen, list) else str(chosen)
             for label, chosen in words.items()}
    question = read_question(pattern, typed, task, backbone)
    question.check()
    if task.schema.kind == "generation":
        return _look_for_texts(question, task, backbone, text, limit)
    if text:
        view = look_at_prompt(question, Example(text), backbone)
        top_words = [[word.word, word.probability] for word in view.top_words[0]]
        return {"tokens": view.tokens, "label_probabilities": view.label_probabilities,
                "top_words": top_words}
    examples = test_part(task, max(1, min(limit, 1000)))
    found = look_at_examples(question, examples, backbone)
    return {**found.evaluation.metrics,
            "label_probabilities_mean": found.label_probabilities_mean}


def _look_for_texts(question: Question, task: Task, backbone: Backbone, text: str,
                    limit: int) -> dict[str, Any]:
    """The text for one source, or the texts and metrics for test examples; written greedily."""
    decoding = Decoding(one_line=True)
    if text:
        view = look_at_text(question, Example(text), backbone, decoding)
        probabilities = [token.probability for token in view.tokens]
        return {"tokens": view.source, "output": view.output,
                "output_tokens": [token.text for token in view.tokens],
                "probabilities": probabilities}
    examples = test_part(task, max(1, min(limit, _MOST_TEXTS)))
    found = look_at_texts(question, examples, backbone, decoding)
    return {"metrics": found.metrics, "n": found.n, "outputs": list(found.outputs)}


def _read_file(services: Services, name: str, content: str) -> dict[str, Any]:
    try:
        data = base64.b64decode(content, validate=True)
    except ValueError as error:
        raise DataError("The content of {name!r} is not valid base64.", name=name[:80]) from error
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / (Path(name[:80]).name.replace("\0", "") or "table.csv")
        path.write_bytes(data)
        table = read_table(path, services.limits)
    return {"columns": list(table.columns), "rows": len(table.rows), "encoding": table.encoding,
            "delimiter": table.delimiter}


def _plan_study(services: Services, study: dict[str, Any]) -> dict[str, Any]:
    spec = StudySpec.from_dict(study)
    task = services.task(spec.task if isinstance(spec.task, str) else "")
    return {"runs": len(services.runs_of(spec, task))}


def _answering(endpoint: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    @functools.wraps(endpoint)
    def answer(*values: Any) -> dict[str, Any]:
        try:
            return endpoint(*values)
        except Exception as error:
            raise gr.Error(explain(error, lambda text: text), print_exception=False) from None

    return answer
