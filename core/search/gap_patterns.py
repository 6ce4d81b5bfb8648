"""Patterns that T5 writes around the label words (LM-BFF, arXiv 2012.15723, section 5.2).

Each training example is shown with its own label word between two gaps; one text for the gaps is
sought that is likely for all examples together, by a beam over tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress

import torch

from core.data.task import Example
from core.errors import PatternError, SpecError
from core.models.backbone import Backbone
from core.models.pieces import plain_ids, word_ids
from core.prompts.dialects import read_lm_bff
from core.prompts.pattern import Pattern, changed
from core.search.gap_beam import GapBeam, Hypothesis, Ids, full_stop, sentinels
from core.search.written_pattern import Layout, WrittenPattern

MOST_STEPS = 18
_LONGEST = 256  # tokens of an example, of which the side away from the gaps is cut
_ENDS = {
    "mask-last": ("*cls**sent_0*", "*sep+*"),
    "mask-first": ("*cls*", "*+sent_0**sep+*"),
    "pair": ("*cls**sent-_0*", "*+sentl_1**sep+*"),
}


def patterns_in_gaps(
    backbone: Backbone,
    examples: Sequence[Example],
    label_words: Mapping[str, str],
    *,
    beam: int = 100,
    averaged: bool = False,
    strict: bool = True,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> list[WrittenPattern]:
    """The patterns that a T5 finds likeliest for labelled examples, each once, likeliest first.

    Single texts stand before or after the answer, half of the beam from each, as in the paper.

    Args:
        label_words: for each label the word that stands for it.
        beam: hypotheses kept at each step.
        averaged: score by the logits' mean over the examples, as LM-BFF's code does, not by summed
            log-probabilities.
        strict: see `fill_gaps`.
        progress: called with the steps done and the most steps that there are.

    Raises:
        ModelError: the model is not of the T5 family.
        SpecError: there is no example, or its tokenizer has no sentinels.
    """
    layouts = _layouts(examples)
    words = [label_words[str(example.label)] for example in examples]
    found: dict[str, WrittenPattern] = {}
    for number, layout in enumerate(layouts):
        ids = [example_ids(example, word, layout, backbone)
               for example, word in zip(examples, words, strict=True)]
        hypotheses = fill_gaps(backbone, ids, beam, averaged=averaged, strict=strict,
                               progress=_after(progress, number, len(layouts)))
        for written in _written(hypotheses[: max(1, beam // len(layouts))], layout, backbone):
            found.setdefault(str(written.pattern), written)
    return sorted(found.values(), key=lambda written: -written.score)


def example_ids(example: Example, word: str, layout: Layout, backbone: Backbone) -> list[int]:
    """The encoder's input: an example's text, and its label word between two sentinels."""
    first, second, _ = sentinels(backbone)
    answer = [first, *word_ids(word, backbone), second]
    end = backbone.tokenizer.eos_token_id
    if layout == "pair":
        before = _ids(changed(example.text_a, ["drop_last"]), backbone)
        after = _ids(changed(example.text_b, ["lower_first"]), backbone)
        return [*before, *answer, *after, end]
    text = _ids(changed(example.text_a, ["upper_first"]), backbone)
    if layout == "mask-last":
        return [*text, *answer, end][-_LONGEST:]
    return [*_start(backbone), *answer, *text, end][:_LONGEST]


@torch.inference_mode()
def fill_gaps(
    backbone: Backbone,
    ids: Sequence[Sequence[int]],
    beam: int,
    *,
    averaged: bool = False,
    strict: bool = True,
    progress: Callable[[int], None] = lambda *_: None,
) -> list[Hypothesis]:
    """Beam search for one text that fills the gaps of all examples, best first.

    Hypotheses that are not finished are returned too.

    Args:
        ids: token ids of each example, with sentinels for the gaps.
        strict: follow only what can still become well formed: the first gap's sentinel, its text,
            the second's, its text, an end. LM-BFF's code follows everything and drops malformed
            texts afterwards, which may leave nothing where a model would rather answer the examples
            than fill their gaps.
        progress: called with the steps done.

    Raises:
        ModelError: the model is not of the T5 family.
        SpecError: there is no example, or its tokenizer has no sentinels.
    """
    if not ids:
        raise SpecError("There are no labelled examples to write patterns for.")
    search = GapBeam(backbone, ids, beam, averaged=averaged, strict=strict)
    for step in range(MOST_STEPS):
        if search.finished:
            break
        search.extend()
        progress(step + 1)
    return search.hypotheses


def as_pattern(hypothesis: Hypothesis, layout: Layout, backbone: Backbone) -> Pattern | None:
    """The pattern that a hypothesis writes, or None if it is malformed."""
    with suppress(PatternError):
        if _is_well_formed(hypothesis, backbone):
            return read_lm_bff(as_template(hypothesis.tokens, layout, backbone))
    return None


def as_template(tokens: Ids, layout: Layout, backbone: Backbone) -> str:
    """The star template of LM-BFF's code for a hypothesis's tokens, even for malformed ones."""
    begin, finish = _ENDS[layout]
    first, second, third = map(backbone.tokenizer.convert_ids_to_tokens, sentinels(backbone))
    replacements = {
        str(first): begin,
        str(second): "*mask*",
        str(third): finish,
        str(backbone.tokenizer.eos_token): finish,
        "\N{LOWER ONE EIGHTH BLOCK}": "_",
    }
    text = "".join(backbone.tokenizer.convert_ids_to_tokens(list(tokens)))
    for token, meaning in replacements.items():
        text = text.replace(token, meaning)
    return text


def _is_well_formed(hypothesis: Hypothesis, backbone: Backbone) -> bool:
    """Whether both gaps are there, each closed in its turn."""
    first, second, third = sentinels(backbone)
    closing = {first, second, third, backbone.tokenizer.eos_token_id}
    found = [token for token in hypothesis.tokens if token in closing]
    return hypothesis.finished and found[:2] == [first, second] and len(found) == 3


def _start(backbone: Backbone) -> list[int]:
    stop = full_stop(backbone)
    return [] if stop is None else [stop]


def _layouts(examples: Sequence[Example]) -> tuple[Layout, ...]:
    return ("pair",) if any(example.text_b for example in examples) else ("mask-last", "mask-first")


def _written(hypotheses: Sequence[Hypothesis], layout: Layout,
             backbone: Backbone) -> Iterator[WrittenPattern]:
    """The patterns of the well-formed hypotheses."""
    for hypothesis in hypotheses:
        if (pattern := as_pattern(hypothesis, layout, backbone)) is not None:
            yield WrittenPattern(pattern, layout, hypothesis.score)


def _after(
    progress: Callable[[int, int], None], number: int, layouts: int
) -> Callable[[int], None]:
    """The progress of one layout's search as part of all."""
    return lambda step: progress(number * MOST_STEPS + step, layouts * MOST_STEPS)


def _ids(text: str, backbone: Backbone) -> list[int]:
    return plain_ids([text], backbone)[0]
