"""Patterns that a causal model writes after the texts, with the answer at their end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from core.data.task import Example
from core.models.backbone import Backbone
from core.models.encoding import encode
from core.models.pieces import word_ids
from core.prompts.pattern import Pattern
from core.search.continuation_beam import continue_texts, most_steps
from core.search.written_pattern import WrittenPattern

_LONGEST = 256  # tokens of an example, of which the start is cut


def patterns_after_texts(backbone: Backbone, examples: Sequence[Example],
                         label_words: Mapping[str, str], beam: int,
                         progress: Callable[[int, int], None]) -> list[WrittenPattern]:
    """The patterns likeliest after the examples' texts, of pairs after both; likeliest first.

    Args:
        backbone: a causal model.
        examples: with their labels.
        label_words: for each label the word that stands for it.
        beam: hypotheses kept at each step.
        progress: called with the steps done and the most steps that there are.
    """
    shown = "{text_a} {text_b}" if any(example.text_b for example in examples) else "{text_a}"
    asked = Pattern.parse(shown + " {mask}")
    # a causal model answers at the text's last token
    encoded = encode([asked.render(example) for example in examples], backbone)
    texts = [each.ids[: each.masks[0] + 1][-_LONGEST:] for each in encoded]
    words = [word_ids(label_words[str(example.label)], backbone) for example in examples]
    most = most_steps(words)
    found = continue_texts(backbone, texts, words, beam, lambda step: progress(step, most))
    return [WrittenPattern(Pattern.parse(f"{shown}{each.before} {{mask}}{each.after}"),
                           "mask-last", each.score) for each in found]
