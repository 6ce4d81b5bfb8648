"""Lengths of texts in tokens."""

from core.models.backbone import Backbone
from core.models.lengths import token_lengths


def test_tokens_are_counted_without_special_ones(mini_masked: Backbone) -> None:
    assert token_lengths(["good", "a good film.", ""], mini_masked) == [1, 4, 0]


def test_no_texts_have_no_lengths(mini_masked: Backbone) -> None:
    assert token_lengths([], mini_masked) == []


def test_of_immense_texts_only_the_beginning_is_counted(mini_masked: Backbone) -> None:
    [length] = token_lengths(["a " * 100_000], mini_masked)
    assert mini_masked.max_length < length <= 12 * mini_masked.max_length
