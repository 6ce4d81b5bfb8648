"""Whole words of every kind of tokenizer, and that they stand alone in a prompt."""

from collections.abc import Callable

import pytest

from core.models.backbone import Backbone
from core.models.vocabulary import stands_alone, token_counts, whole_words, word_mask


@pytest.mark.parametrize("kind", ["bert", "roberta", "t5", "gpt2", "llama", "albert", "deberta-v2"])
def test_words_are_whole(kind: str, tiny: Callable[[str], Backbone]) -> None:
    backbone = tiny(kind)
    found = whole_words(backbone)
    words = set(found.values())
    assert {"great", "terrible", "film", "story"} <= words
    assert not any("#" in word or not word.isalpha() for word in words)
    mask = word_mask(backbone)
    assert mask.shape == (backbone.model.config.vocab_size,)
    assert set(mask.nonzero()[0]) == set(found)
    alone = [word for token, word in found.items() if stands_alone(token, backbone)]
    assert {"great", "terrible"} <= set(alone)


def test_pieces_that_go_on_a_word_are_none(tiny: Callable[[str], Backbone]) -> None:
    tokens = tiny("bert").tokenizer.convert_ids_to_tokens(list(whole_words(tiny("bert"))))
    assert not any(token.startswith("##") for token in tokens)


@pytest.mark.parametrize("kind", ["bert", "roberta", "t5", "gpt2", "llama"])
def test_words_of_texts_are_counted(kind: str, tiny: Callable[[str], Backbone]) -> None:
    backbone = tiny(kind)
    counts = token_counts(["film a story", "story in the film", "film"], backbone)
    assert counts.shape == (backbone.model.config.vocab_size,)
    found = {word: counts[token] for token, word in whole_words(backbone).items() if counts[token]}
    assert {word: found[word] for word in ("film", "story", "in")} == {
        "film": 3,
        "story": 2,
        "in": 1,
    }
    assert token_counts([], backbone).sum() == 0
