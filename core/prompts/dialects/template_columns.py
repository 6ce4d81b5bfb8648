"""The columns of a Jinja template that are the example's texts, by their names or their order."""

from __future__ import annotations

from core.data.column_names import PAIRS, plain
from core.data.column_names import TEXTS as USUAL
from core.data.columns import is_field_name
from core.data.task import TEXTS, Task
from core.errors import PatternError
from core.prompts.dialects.promptsource import shown_columns


def match_columns(jinja: str, task: Task | None) -> dict[str, str]:
    """The pattern's field for each column that the template shows.

    `text_a`, `text_b` and the task's further columns keep their names. Columns of other names are
    the remaining texts in their order, unless their names imply another (hypothesis, premise).
    Without a task, columns beyond two texts are further columns.

    Raises:
        PatternError: the template cannot be read, or it is unclear which columns are the texts.
    """
    names = shown_columns(jinja)
    same = (*TEXTS, *(task.schema.columns if task is not None else ()))
    columns = {name: name for name in names if name in same}
    free = [name for name in names if name not in same]
    texts = TEXTS if task is None or task.schema.pairs else TEXTS[:1]
    places = [text for text in texts if text not in columns]
    if len(places) == 2:
        free, places = _by_name(free, places)
    rest = free[len(places) :]
    if rest and (task is not None or not all(map(is_field_name, rest))):
        raise PatternError("The template shows the columns {names}, and it cannot be told which of "
                           "them stand for {fields}. Rename them in the template.",
                           names=", ".join(free)[:200], fields=", ".join(same))
    matched = dict(zip(free, places, strict=False))
    return columns | matched | {name: name for name in rest}


def _by_name(free: list[str], places: list[str]) -> tuple[list[str], list[str]]:
    """Two columns in the order that their names imply; a single second text in its place."""
    plainly = [plain(name) for name in free]
    for first in range(len(free)):
        for second in range(first):
            if (plainly[first], plainly[second]) in PAIRS:
                others = [name for at, name in enumerate(free) if at not in (first, second)]
                return [free[first], free[second], *others], places
    seconds = {second for _, second in PAIRS}
    if len(free) == 1 and plainly[0] in seconds and plainly[0] not in USUAL:
        return free, places[1:]
    return free, places
