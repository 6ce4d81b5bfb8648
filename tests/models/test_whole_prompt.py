"""Labels scored by whole prompts, beside plain sums of token log-probabilities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from core.data.task import Example, classification
from core.learning.predictors import prompt_predictor
from core.models.backbone import Backbone
from core.models.encoding import Limits, start_token
from core.models.scorers import scorer_for
from core.models.whole_prompt import answer_scores
from core.prompts.demonstrations import with_demonstrations
from core.prompts.pvp import PVP
from core.prompts.verbalizer import Verbalizer

Tiny = Callable[[str], Backbone]
SCHEMA = classification("bad", "good", pairs=True)
WORDS = {"bad": ["terrible"], "good": ["great film", "yes"]}
EXAMPLES = [Example("A dog in the park.", "It is a story."), Example("No film.", "The dog."),
            Example("It", "yes " * 9)]
KINDS = ("gpt2", "llama", "qwen2", "gemma2", "opt")


def plain_score(text: str, after: str, backbone: Backbone, *, channel_of: str = "") -> float:
    """Σ log P of the tokens of `after` (or of what follows `channel_of` in it), one by one."""
    tokenizer: Any = backbone.tokenizer

    def ids(piece: str) -> list[int]:
        return list(tokenizer(piece, add_special_tokens=False).input_ids)

    before = [*tokenizer("").input_ids, *ids(text)]
    if not before:
        before = [int(start_token(backbone) or 0)]
    word, rest = ids(channel_of), ids(after)
    before, scored = [*before, *word], rest
    total = 0.0
    for place, token in enumerate(scored):
        shown = torch.tensor([[*before, *scored[:place]]])
        with torch.inference_mode():
            logits = backbone.model(input_ids=shown).logits[0, -1]
        total += float(logits.log_softmax(-1)[token])
    return total


@pytest.mark.parametrize("kind", ["gpt2", "qwen2"])
@pytest.mark.parametrize(("pattern", "before", "after"), [
    ("{text_a}? {mask}, {text_b}", "{a}?", "{w}, {b}"),
    ("{text_a} It is {mask}", "{a} It is", "{w}"),
    ("It is {mask}: {text_a} {text_b}", "It is", "{w}: {a} {b}"),
    ("{mask} {text_a} in {text_b}", "", "{w} {a} in {b}"),
])
def test_scores_are_sums_of_token_log_probabilities(
        kind: str, pattern: str, before: str, after: str, tiny: Tiny) -> None:
    backbone, pvp = tiny(kind), PVP.of(pattern, WORDS, SCHEMA)
    words = [" terrible", " great film", " yes"]
    prompts = [pvp.pattern.render(example) for example in EXAMPLES]
    with torch.inference_mode():
        found = answer_scores(backbone, prompts, [[word.strip() for word in words]] * 3)  # [3, 3]
    for row, example in zip(found.tolist(), EXAMPLES, strict=True):
        texts = {"a": example.text_a, "b": example.text_b}
        wanted = [plain_score(before.format(**texts), after.format(w=word, **texts), backbone)
                  for word in words]
        assert row == pytest.approx(wanted, abs=1e-3)


@pytest.mark.parametrize("kind", ["gpt2", "qwen2"])
def test_the_channel_counts_only_what_follows_the_word(kind: str, tiny: Tiny) -> None:
    backbone, pvp = tiny(kind), PVP.of("It is {mask}: {text_a}", WORDS, SCHEMA)
    prompts = [pvp.pattern.render(example) for example in EXAMPLES]
    with torch.inference_mode():
        found = answer_scores(backbone, prompts, [["terrible"]] * 3, channel=True)
    wanted = [plain_score("It is", f": {example.text_a}", backbone, channel_of=" terrible")
              for example in EXAMPLES]
    assert found[:, 0].tolist() == pytest.approx(wanted, abs=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_demonstrations_read_once_change_nothing(kind: str, tiny: Tiny) -> None:
    pvp = PVP.of("{mask} {text_a} in {text_b}", WORDS, SCHEMA)
    shown = [replace(EXAMPLES[0], label="good"), replace(EXAMPLES[1], label="bad")] * 2
    prompts = [with_demonstrations(pvp.pattern, example, shown, pvp.verbalizer, before=True)
               for example in EXAMPLES]
    for backbone in (tiny(kind), replace(tiny(kind), shares_start=False)):
        with torch.inference_mode():
            together = answer_scores(backbone, prompts, [["terrible", "yes"]] * 3)
        alone = torch.cat([answer_scores(tiny(kind), [prompt], [["terrible", "yes"]]).detach()
                           for prompt in prompts])
        torch.testing.assert_close(together, alone, atol=1e-3, rtol=1e-4)


def test_texts_are_cut_alike_for_words_of_any_length(tiny: Tiny) -> None:
    backbone, pvp = tiny("gpt2"), PVP.of("{mask}: {text_a}", WORDS, SCHEMA)
    long = Example("dog " * 300)
    short = Example("dog " * 7)
    words = ["yes", "great film story park"]
    with torch.inference_mode():
        first, second = (answer_scores(backbone, [pvp.pattern.render(example)], [words],
                                       Limits(length=24), channel=True) for example in (long, long))
        whole = answer_scores(backbone, [pvp.pattern.render(short)], [words], channel=True)
    torch.testing.assert_close(first, second)
    assert torch.isfinite(first).all()
    lengths = []
    from core.models.whole_prompt import _fill
    for filled in _fill(pvp.pattern.render(long), words, backbone, Limits(length=24), True):
        lengths.append(len(filled.scored))
    assert len(set(lengths)) == 1
    assert torch.isfinite(whole).all()


@pytest.mark.parametrize(("kind", "pattern", "words", "scorer"), [
    ("gpt2", "{text_a} It is {mask}.", {"bad": ["terrible"], "good": ["great"]}, "single mask"),
    ("gpt2", "{text_a} It is {mask}.", WORDS, "whole prompt"),
    ("gpt2", "{mask}: {text_a}", {"bad": ["terrible"], "good": ["great"]}, "whole prompt"),
    ("llama", "{text_a} {mask} {text_b}", {"bad": ["no"], "good": ["yes"]}, "whole prompt"),
    ("bert", "{mask}: {text_a}", {"bad": ["terrible"], "good": ["great"]}, "single mask"),
    ("bert", "{mask}: {text_a}", {"bad": ["terrible film"], "good": ["great"]}, "multi-mask"),
    ("t5", "{mask}: {text_a}", {"bad": ["terrible"], "good": ["great"]}, "single mask"),
])
def test_the_scorer_fits_pattern_words_and_model(
        kind: str, pattern: str, words: dict[str, list[str]], scorer: str, tiny: Tiny) -> None:
    pvp = PVP.of(pattern, words, SCHEMA)
    assert scorer_for(pvp.verbalizer, tiny(kind), pvp.pattern) == scorer


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_what_follows_the_mask_is_read(kind: str, tiny: Tiny) -> None:
    verbalizer = Verbalizer.of({"bad": ["terrible"], "good": ["great"]}, SCHEMA.labels)
    pvp = PVP(PVP.of("{text_a} {mask}, {text_b}", WORDS, SCHEMA).pattern, verbalizer)
    asked = prompt_predictor(tiny(kind), pvp)
    one, other = asked.log_probs([Example("A dog.", "It is."), Example("A dog.", "No film.")])
    assert np.abs(one - other).max() > 1e-4
