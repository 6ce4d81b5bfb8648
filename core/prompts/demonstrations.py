"""Demonstrations: answered examples beside the query, as in GPT-3 and LM-BFF.

See LM-BFF (arXiv 2012.15723), section 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.data.task import Example
from core.errors import DataError
from core.prompts.pattern import Pattern, Prompt, Segment
from core.prompts.verbalizer import Verbalizer


def with_demonstrations(
    pattern: Pattern,
    query: Example,
    demonstrations: Sequence[Example],
    verbalizer: Verbalizer,
    *,
    before: bool = False,
) -> Prompt:
    """Render the query with answered copies of the pattern, parted by separators.

    LM-BFF puts them after the query, in the order of the labels; GPT-3 before it (`before`), as
    given, the only way for causal language models. A label of several words is shown by its first.

    Raises:
        DataError: a demonstration has no label, or one that has no word.
    """
    labelled = [(_label(example, verbalizer), example) for example in demonstrations]
    if not before:
        labelled.sort(key=lambda pair: verbalizer.labels.index(pair[0]))
    shown: list[Segment] = []
    for label, example in labelled:
        shown += pattern.render_answered(example, verbalizer.first_word(label)).segments
    start, *asked = pattern.render(query).segments
    return Prompt((start, *shown, *asked) if before else (start, *asked, *shown))


def _label(demonstration: Example, verbalizer: Verbalizer) -> str:
    if demonstration.label not in verbalizer.labels:
        raise DataError("A demonstration has the label {label!r}; words are given for {labels}.",
                        label=demonstration.label, labels=", ".join(verbalizer.labels))
    return str(demonstration.label)


def with_written(pattern: Pattern, query: Example, demonstrations: Sequence[Example]) -> Prompt:
    """The same for tasks whose answers are texts: the first reference of each stands before it."""
    shown: list[Segment] = []
    for example in demonstrations:
        _, *filled = pattern.render(example).segments
        text = next(iter(example.references), "")
        shown += [replace(segment, kind="text", text=text) if segment.kind == "mask" else segment
                  for segment in filled]
    start, *asked = pattern.render(query).segments
    return Prompt((start, *shown, *asked))
