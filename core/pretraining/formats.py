"""How a row of a task's table is told as text to text: the columns it needs, what is asked, and what is answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from core.prompts.task_prefixes import TASK_FORMATS, question_prompt, score_answer, spaced, summary_prompt

Form = tuple[tuple[str, ...], Callable[..., tuple[str, str]]]


def _labelled(name: str) -> Form:
    task = TASK_FORMATS[name]
    columns = ("text_a", "text_b")[: len(task.keys)]
    if name == "stsb":
        return (*columns, "score"), lambda *row: (task.prompt(*row[:-1]), score_answer(float(row[-1])))
    return (*columns, "label"), lambda *row: (task.prompt(*row[:-1]), task.answer(row[-1]))


FORMS: Mapping[str, Form] = {
    **{name: _labelled(name) for name in ("cola", "sst2", "mrpc", "qqp", "stsb", "mnli", "qnli", "rte", "boolq")},
    "question": (("question", "context", "target"), lambda question, context, answer: (
        question_prompt(question, context), spaced(answer).strip())),
    "summarize": (("source", "target"), lambda text, summary: (summary_prompt(text), summary)),
    "describe": (("source", "target"), lambda table, text: (f"describe: {table}", text)),
}
