"""How the labels' probabilities are read from a model's answers: the one place that decides."""

from __future__ import annotations

from typing import Literal

from core.errors import SpecError, VerbalizerError
from core.models.backbone import Backbone
from core.models.multi_mask import answer_ids
from core.models.pieces import check_known, single_ids, word_ids
from core.models.whole_prompt import text_follows
from core.prompts.pattern import Pattern
from core.prompts.verbalizer import Verbalizer

Scorer = Literal["single mask", "multi-mask", "multiple choice", "whole prompt"]


def scorer_for(verbalizer: Verbalizer, backbone: Backbone,
               pattern: Pattern | None = None) -> Scorer:
    """Choose the scorer for this pattern, these label words and this model.

    "single mask": all label words are single tokens, read at one mask. "multi-mask": a masked
    model, and some word has several tokens, each with a mask of its own (arXiv 2009.07118,
    section 3.1). "multiple choice": the same with the texts that each example offers as answers.
    "whole prompt": a causal model, and a text stands after the mask or some word has several
    tokens; the probability of the word and of what follows it counts.
    """
    if not verbalizer.has_words:
        return "multiple choice"
    words = (word for _, word in verbalizer.all_words())
    several = any(len(word_ids(word, backbone)) > 1 for word in words)
    if backbone.family == "causal" and (several or (pattern and text_follows(pattern))):
        return "whole prompt"
    return "multi-mask" if several and backbone.family == "masked" else "single mask"


def check_words(verbalizer: Verbalizer, scorer: Scorer, backbone: Backbone) -> None:
    """Check that a scorer can score these label words with this model.

    Raises:
        VerbalizerError: a word has too many tokens, a label too many words, or two labels have
            words that become the same tokens.
        SpecError: multiple choice, and the model is no masked one.
    """
    if scorer == "single mask":
        single_ids(verbalizer.all_words(), backbone)
        check_distinct(verbalizer, backbone)
    elif scorer == "multi-mask":
        answer_ids(verbalizer, backbone)
        check_distinct(verbalizer, backbone)
    elif scorer == "whole prompt":
        for label, word in verbalizer.all_words():
            check_known(word_ids(word, backbone), word, label, backbone)
        check_distinct(verbalizer, backbone)
    elif backbone.family != "masked":
        raise SpecError("Examples that bring their own answers need a masked model, "
                        "and {model!r} is a {family} model.",
                        model=backbone.name, family=backbone.family)


def check_distinct(verbalizer: Verbalizer, backbone: Backbone) -> None:
    """Check that no two labels have words of the same tokens, in any order.

    Different words can become the same tokens: `Great` and `great` do where the tokenizer
    lower-cases, `góod` and `good` where it strips accents.

    Raises:
        VerbalizerError: two labels have.
    """
    seen: dict[frozenset[tuple[int, ...]], str] = {}
    for label, words in verbalizer.words:
        tokens = frozenset(tuple(word_ids(word, backbone)) for word in words)
        other = seen.setdefault(tokens, label)
        if other != label:
            raise VerbalizerError(
                "The words of {label!r} ({words}) and of {other!r} ({others}) become the same "
                "tokens for {model!r}; the two can never be told apart. Change one of them.",
                label=label, words=", ".join(words), other=other,
                others=", ".join(dict(verbalizer.words)[other]), model=backbone.name)
