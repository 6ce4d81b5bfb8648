"""Patterns that a language model writes (LM-BFF, arXiv 2012.15723, section 5.2).

T5 fills gaps around the label words, as in the paper; a causal model writes on after the texts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from core.data.task import Example
from core.errors import SpecError
from core.models.backbone import Backbone
from core.models.behaviour import can_grow
from core.models.shared_decoder import check_type
from core.search.continuation_patterns import patterns_after_texts
from core.search.gap_beam import sentinels
from core.search.gap_patterns import patterns_in_gaps
from core.search.written_pattern import WrittenPattern


def write_patterns(backbone: Backbone, examples: Sequence[Example], label_words: Mapping[str, str],
                   *, beam: int = 100, averaged: bool = False,
                   progress: Callable[[int, int], None] = lambda *_: None) -> list[WrittenPattern]:
    """The patterns that a model finds likeliest for labelled examples, each once, likeliest first.

    Args:
        backbone: the writer, which `check_writer` accepts.
        examples: with their labels.
        label_words: for each label the word that stands for it.
        beam: hypotheses kept at each step.
        averaged: as `patterns_in_gaps` has it.
        progress: called with the steps done and the most steps that there are.

    Raises:
        ModelError, SpecError: as `check_writer`; or there is no example.
    """
    check_writer(backbone, averaged=averaged)
    if not examples:
        raise SpecError("There are no labelled examples to write patterns for.")
    if backbone.family == "causal":
        return patterns_after_texts(backbone, examples, label_words, beam, progress)
    return patterns_in_gaps(backbone, examples, label_words, beam=beam, averaged=averaged,
                            progress=progress)


def check_writer(backbone: Backbone, *, averaged: bool = False) -> None:
    """Check that a model can write patterns.

    Raises:
        ModelError: it is neither of the T5 family nor a causal model whose states hypotheses can
            share.
        SpecError: it is of the T5 family, and its tokenizer has no sentinels; or it is causal, and
            logits are to be averaged, which is LM-BFF's way with T5.
    """
    if not can_grow(backbone):
        check_type(backbone)
        sentinels(backbone)
    elif averaged:
        raise SpecError(
            "'averaged' is LM-BFF's way with T5, and {model!r} is a causal model. Leave "
            "'averaged' out, or choose a writer of the T5 family.", model=backbone.name)
