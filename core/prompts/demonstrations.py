"""Demonstrations: answered examples that stand beside the question (LM-BFF, arXiv 2012.15723, section 6; GPT-3)."""

from __future__ import annotations

from collections.abc import Sequence

from core.data.task import Example
from core.errors import DataError
from core.prompts.pattern import Pattern, Prompt
from core.prompts.verbalizer import Verbalizer


def with_demonstrations(
    pattern: Pattern,
    query: Example,
    demonstrations: Sequence[Example],
    verbalizer: Verbalizer,
    *,
    before: bool = False,
) -> Prompt:
    """Render the question with answered copies of the pattern, parted by separators.

    LM-BFF puts them after the question, in the order of the labels; GPT-3 before it (`before`), as given, which is the
    only way for models that read from left to right. A label of several words is shown by its first.

    Raises:
        DataError: a demonstration has no label, or one that has no word.
    """
    for example in demonstrations:
        if example.label not in verbalizer.labels:
            raise DataError("A demonstration has the label {label!r}; words are given for {labels}.",
                            label=example.label, labels=", ".join(verbalizer.labels))
    labelled = [(str(example.label), example) for example in demonstrations]
    if not before:
        labelled.sort(key=lambda pair: verbalizer.labels.index(pair[0]))
    shown = [
        segment for label, example in labelled
        for segment in pattern.render_answered(example, verbalizer.first_word(label)).segments
    ]
    start, *asked = pattern.render(query).segments
    return Prompt((start, *shown, *asked) if before else (start, *asked, *shown))
