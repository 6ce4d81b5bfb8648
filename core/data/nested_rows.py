"""Published JSON whose rows lie deeper than in a list: SQuAD's articles, WebNLG's numbered entries.

They come out as the hub has them, a row for each question or entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.errors import DataError

_Object = Mapping[str, Any]


def unnested(rows: Sequence[Any], name: str) -> Iterator[Any]:
    """SQuAD's questions, or WebNLG's entries without their numbers; any other row as it is.

    Raises:
        DataError: an article has paragraphs of another form.
    """
    for number, row in enumerate(rows, 1):
        if isinstance(row, Mapping) and isinstance(row.get("paragraphs"), list):
            yield from _questions(row["paragraphs"], number, name)
        else:
            yield _without_number(row)


def _without_number(row: Any) -> Any:
    """An entry that lies under its number alone: `{"1": {…}}`."""
    if isinstance(row, Mapping) and len(row) == 1:
        number, entry = next(iter(row.items()))
        if number.isdecimal() and isinstance(entry, Mapping):
            return entry
    return row


def _questions(paragraphs: Sequence[Any], number: int, name: str) -> Iterator[_Object]:
    try:
        for paragraph in paragraphs:
            context = paragraph["context"]
            for question in paragraph["qas"]:
                yield {"question": question["question"], "context": context,
                       "answers": question.get("answers", [])}
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(
            "Article {row} of {name!r} has no paragraphs of the form {form}, as SQuAD's have. "
            "Correct or remove it.",
            row=number, name=name, form='{"context": "…", "qas": [{"question": "…", …}, …]}'
        ) from error
