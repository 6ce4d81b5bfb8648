"""A pattern-verbalizer pair (PVP): the question and what its answers mean (PET, arXiv 2001.07676, section 3.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.errors import SpecError
from core.prompts.pattern import Pattern
from core.prompts.verbalizer import Verbalizer


@dataclass(frozen=True)
class PVP:
    """A pattern with its verbalizer."""

    pattern: Pattern
    verbalizer: Verbalizer

    @staticmethod
    def of(pattern: str, words: Mapping[str, Sequence[str] | str], labels: Sequence[str], pairs: bool,
           more: Sequence[str] = ()) -> PVP:
        """Parse and check both halves against a task's labels, whether its examples are pairs, and their further texts.

        Where the labels are names of further texts, examples bring their own answers, and `words` must be empty.
        """
        parsed = Pattern.parse(pattern, more)
        parsed.check(pairs)
        if not set(labels) <= set(more):
            return PVP(parsed, Verbalizer.of(words, labels))
        if words:
            raise SpecError("Each example of this task brings its own answers, so there are no label words. Leave out "
                            "{words}.", words=", ".join(map(str, words))[:80])
        return PVP(parsed, Verbalizer.choosing(labels))

    @staticmethod
    def from_dict(data: object, labels: Sequence[str], pairs: bool, more: Sequence[str] = ()) -> PVP:
        """Read `{pattern: …, words: {label: [word, …]}}`, as study files hold it.

        Without words where examples bring their own answers.
        """
        if not isinstance(data, Mapping) or not {"pattern"} <= set(data) <= {"pattern", "words"} or (
                "words" not in data and not set(labels) <= set(more)):
            raise SpecError("A pattern is given as {form}, not as {data!r}.",
                            form="{pattern: \"…\", words: {label: [word, …]}}", data=str(data)[:120])
        words = data.get("words", {})
        if not isinstance(words, Mapping):
            raise SpecError("The words of the pattern {pattern!r} must map each label to its words.",
                            pattern=str(data["pattern"]))
        for label, given in words.items():
            listed = given if isinstance(given, (list, tuple)) else [given]
            if not all(isinstance(word, str) for word in listed):
                raise SpecError("The words of the label {label!r} are {words!r}; they must be texts. Put words such as "
                                "{example} in quotes: YAML reads them as something else.", label=str(label),
                                words=str(given)[:80], example="No, Yes and 1")
        return PVP.of(str(data["pattern"]), words, labels, pairs, more)

    def as_dict(self) -> dict[str, object]:
        """The pair as plain values, as study files hold it."""
        return {"pattern": str(self.pattern), "words": self.verbalizer.as_dict()}
