"""A pattern and label words as a person types them, checked part by part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.data.task import Schema, Task
from core.errors import InputError, ModelError, VerbalizerError
from core.models.backbone import Backbone
from core.models.scorers import Scorer, check_distinct, check_words, scorer_for
from core.prompts.pattern import Pattern, check_mask_last
from core.prompts.verbalizer import Verbalizer, split_words


@dataclass(frozen=True)
class Question:
    """A pattern and its verbalizer as far as they can be used, and what is wrong with the rest.

    Attributes:
        pattern: None where it cannot be used.
        verbalizer: None where it cannot be used, and where the answers are texts.
        pattern_problem: what is wrong with the pattern.
        word_problems: for each label what is wrong with its words; the key "" stands for all
            labels together.
        scorer: how the labels' probabilities are read.
    """

    pattern: Pattern | None
    verbalizer: Verbalizer | None
    pattern_problem: InputError | None = None
    word_problems: Mapping[str, InputError] | None = None
    scorer: Scorer = "single mask"

    @property
    def sound(self) -> bool:
        """Whether the model can give label probabilities."""
        if self.pattern is None or self.verbalizer is None:
            return False
        return self.pattern.masks == 1

    def check(self) -> None:
        """Raise the first InputError that was found, if any."""
        for problem in (self.pattern_problem, *(self.word_problems or {}).values()):
            if problem is not None:
                raise problem


def read_question(pattern: str, words: Mapping[str, str | Sequence[str]], task: Task,
                  backbone: Backbone) -> Question:
    """Check a pattern and label words; problems are kept in the question, not raised.

    `words` maps each label to a list of words, or to typed words parted by commas. Where labels
    have no words, as in multiple choice, they are ignored.
    """
    parsed, problem = _read_pattern(pattern, task.schema)
    if task.schema.kind == "generation":
        return _text_question(parsed, problem, backbone)
    if not task.schema.has_words:
        return _choice_question(parsed, problem, task.schema, backbone)
    listed = {
        label: split_words(given) if isinstance(given, str) else list(given)
        for label, given in words.items()
    }
    return _word_question(parsed, problem, listed, task.schema, backbone)


def _read_pattern(pattern: str, schema: Schema) -> tuple[Pattern | None, InputError | None]:
    try:
        parsed = Pattern.parse(pattern, schema.columns)
        parsed.check(schema.pairs)
    except InputError as problem:
        return None, problem
    return parsed, None


def _text_question(pattern: Pattern | None, problem: InputError | None,
                   backbone: Backbone) -> Question:
    """A question that is answered by a text: the model goes on where `{mask}` stands."""
    try:
        if pattern is not None:
            check_mask_last(pattern)
        check_writes(backbone)
    except InputError as unfit:
        problem = problem or unfit
    return Question(None if problem else pattern, None, problem, {})


def check_writes(backbone: Backbone) -> None:
    """Raise ModelError if the model fills masks and cannot write a text."""
    if backbone.family == "masked":
        raise ModelError(
            "The answers of this task are texts, and {model!r} fills single masks. Choose a model "
            "that writes: mini-seq2seq, mini-causal or smollm2-135m.", model=backbone.name)


def _choice_question(pattern: Pattern | None, problem: InputError | None, schema: Schema,
                     backbone: Backbone) -> Question:
    verbalizer = Verbalizer.without_words(schema.labels)
    try:
        check_words(verbalizer, "multiple choice", backbone)
    except InputError as unfit:
        problem = problem or unfit
    return Question(pattern, verbalizer, problem, {}, "multiple choice")


def _word_question(pattern: Pattern | None, problem: InputError | None,
                   words: Mapping[str, list[str]], schema: Schema, backbone: Backbone) -> Question:
    typed = Verbalizer(tuple((label, tuple(words.get(label, []))) for label in schema.labels))
    scorer = scorer_for(typed, backbone, pattern) if typed.has_words else "single mask"
    problems = _word_problems(words, schema.labels, scorer, backbone)
    verbalizer = None
    if not problems:
        try:
            verbalizer = Verbalizer.of(words, schema.labels)
            check_distinct(verbalizer, backbone)
        except VerbalizerError as shared:
            problems[shared.label or ""], verbalizer = shared, None
    return Question(pattern, verbalizer, problem, problems, scorer)


def _word_problems(words: Mapping[str, list[str]], labels: Sequence[str], scorer: Scorer,
                   backbone: Backbone) -> dict[str, InputError]:
    """For each label what is wrong with its own words, whatever those of the others are."""
    problems: dict[str, InputError] = {}
    for label in labels:
        try:
            alone = Verbalizer.of({label: words.get(label, [])}, [label])
            check_words(alone, scorer, backbone)
        except InputError as problem:
            problems[label] = problem
    return problems
