"""A pattern-verbalizer pair (PVP): the question and the words that answer it.

See PET (arXiv 2001.07676), section 3.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.data.task import Schema
from core.errors import SpecError
from core.prompts.pattern import Pattern
from core.prompts.verbalizer import Verbalizer


@dataclass(frozen=True)
class PVP:
    """A pattern with its verbalizer."""

    pattern: Pattern
    verbalizer: Verbalizer

    @staticmethod
    def of(pattern: str, words: Mapping[str, Sequence[str] | str], schema: Schema) -> PVP:
        """Parse and check both against a task's schema; only classification has label words.

        Raises:
            PatternError: the pattern cannot be read or does not fit the schema.
            VerbalizerError: the words do not fit the schema's labels.
            SpecError: there are words, and the task's labels have none.
        """
        parsed = Pattern.parse(pattern, schema.columns)
        parsed.check(schema.pairs)
        if schema.has_words:
            return PVP(parsed, Verbalizer.of(words, schema.labels))
        _check_no_words(words, schema)
        return PVP(parsed, Verbalizer.without_words(schema.labels))

    @staticmethod
    def from_dict(data: object, schema: Schema) -> PVP:
        """Read `{pattern: …, words: {label: [word, …]}}`, as study files hold it.

        There are `words` in classification only.

        Raises:
            SpecError: the data have another form; see also `of`.
        """
        needed = {"pattern", "words"} if schema.has_words else {"pattern"}
        if not isinstance(data, Mapping) or not needed <= set(data) <= {"pattern", "words"}:
            raise SpecError("A pattern is given as {form}, not as {data!r}.",
                            form='{pattern: "…", words: {label: [word, …]}}', data=str(data)[:120])
        pattern, words = str(data["pattern"]), data.get("words", {})
        if not isinstance(words, Mapping):
            raise SpecError("The words of the pattern {pattern!r} must map each label to its "
                            "words.", pattern=pattern)
        for label, given in words.items():
            _check_texts(str(label), given)
        return PVP.of(pattern, words, schema)

    def as_dict(self) -> dict[str, object]:
        """The pair as plain values, as study files hold it."""
        return {"pattern": str(self.pattern), "words": self.verbalizer.as_dict()}


def _check_no_words(words: Mapping[str, object], schema: Schema) -> None:
    given = ", ".join(map(str, words))[:80]
    if given and schema.kind == "choice":
        raise SpecError("Each example of this task brings its own answers, so there are no label "
                        "words. Leave out {words}.", words=given)
    if given:
        raise SpecError("The answers of this task are texts, so there are no label words. Leave "
                        "out {words}.", words=given)


def _check_texts(label: str, words: object) -> None:
    listed = words if isinstance(words, (list, tuple)) else [words]
    if not all(isinstance(word, str) for word in listed):
        raise SpecError("The words of the label {label!r} are {words!r}; they must be texts. Put "
                        "words such as {example} in quotes: YAML reads them as something else.",
                        label=label, words=str(words)[:80], example="No, Yes and 1")
