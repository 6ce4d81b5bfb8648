"""Patterns that T5 writes: well formed, each once, best first."""

from pathlib import Path

import pytest

from core.data.task import Example
from core.errors import SpecError
from core.models.backbone import Backbone
from core.models.loading import load_backbone
from core.models.placement import Placement
from core.search.gap_patterns import (
    MOST_STEPS,
    Hypothesis,
    as_pattern,
    fill_gaps,
    patterns_in_gaps,
)

MODELS = Path(__file__).parents[1] / "fixtures" / "models"
EXAMPLES = [Example("the service is excellent", "", "1"), Example("the plot is boring", "", "0"),
            Example("a warm and moving film", "", "1")]
WORDS = {"0": "terrible", "1": "great"}


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    return load_backbone(str(MODELS / "t5_tiny"), Placement("cpu", "float32"))


@pytest.mark.parametrize("averaged", [True, False])
def test_patterns_are_distinct_and_ranked(backbone: Backbone, averaged: bool) -> None:
    reported: list[tuple[int, int]] = []
    found = patterns_in_gaps(
        backbone,
        EXAMPLES,
        WORDS,
        beam=20,
        averaged=averaged,
        progress=lambda *at: reported.append(at),
    )
    assert len({str(written.pattern) for written in found}) == len(found) > 5
    scores = [written.score for written in found]
    assert scores == sorted(scores, reverse=True)
    assert {written.layout for written in found} == {"mask-last", "mask-first"}
    assert all(
        written.pattern.masks == 1 and "{text_a}" in str(written.pattern) for written in found
    )
    assert reported[0] == (1, 2 * MOST_STEPS)
    assert reported == sorted(reported)


def test_pairs_have_the_answer_between(backbone: Backbone) -> None:
    pairs = [Example("The film is great .", "The story is new .", label) for label in WORDS]
    found = patterns_in_gaps(backbone, pairs, {"0": "No", "1": "Yes"}, beam=8)
    assert found
    for written in found:
        segments = [segment for segment in written.pattern.segments if segment.kind != "literal"]
        fields = [segment.field or segment.kind for segment in segments]
        assert fields[:1] + fields[-1:] == ["text_a", "text_b"]


@pytest.mark.parametrize(
    ("written", "finished"),
    [
        ("<extra_id_0> \u2581It <extra_id_1> . </s>", True),
        ("<extra_id_0> \u2581It <extra_id_1> . <extra_id_2>", True),
    ],
)
def test_well_formed_hypotheses_become_patterns(
    backbone: Backbone, written: str, finished: bool
) -> None:
    tokens = tuple(backbone.tokenizer.convert_tokens_to_ids(written.split()))
    assert (
        str(as_pattern(Hypothesis(tokens, -1.0, finished), "mask-last", backbone))
        == "{text_a} It {mask}."
    )


@pytest.mark.parametrize(("written", "finished"), [
    ("\u2581It <extra_id_1> . <extra_id_2>", True),  # begins without its gap
    ("<extra_id_0> \u2581It </s> . <extra_id_2>", True),  # ends before the answer
    ("<extra_id_0> \u2581It <extra_id_1> .", False),  # not closed
    ("<extra_id_0> \u2581It <extra_id_1> <extra_id_0> . <extra_id_2>", True),  # a gap twice
])
def test_malformed_hypotheses_are_dropped(backbone: Backbone, written: str, finished: bool) -> None:
    tokens = tuple(backbone.tokenizer.convert_tokens_to_ids(written.split()))
    assert as_pattern(Hypothesis(tokens, -1.0, finished), "mask-last", backbone) is None


def test_only_what_can_become_well_formed_is_followed(backbone: Backbone) -> None:
    """That changes nothing for a model that fills gaps by itself; a random one would open none."""
    loose, strictly = (
        patterns_in_gaps(backbone, EXAMPLES, WORDS, beam=20, strict=strict)
        for strict in (False, True)
    )
    assert [str(written.pattern) for written in loose] == [
        str(written.pattern) for written in strictly
    ]
    chaotic = load_backbone(str(MODELS / "t5_random"), Placement("cpu", "float32"))
    first, second, third = chaotic.tokenizer.convert_tokens_to_ids(
        [f"<extra_id_{at}>" for at in range(3)]
    )
    shown = [[10, 11, first, 12, second, 1]] * 2
    assert all(
        hypothesis.tokens[0] != first for hypothesis in fill_gaps(chaotic, shown, 20, strict=False)
    )
    for hypothesis in fill_gaps(chaotic, shown, 20):
        assert hypothesis.tokens[0] == first
        assert first not in hypothesis.tokens[1:]
        assert {second, third, 1}.isdisjoint(hypothesis.tokens[1:]) or second in hypothesis.tokens
        assert hypothesis.score > float("-inf")


def test_no_examples_are_refused(backbone: Backbone) -> None:
    with pytest.raises(SpecError, match="no labelled examples"):
        fill_gaps(backbone, [], 5)
