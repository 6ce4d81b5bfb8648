"""What a causal model writes after texts: equal to plain sums, complete, clean, likeliest first."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import pytest
import torch

from core.data.task import Example
from core.errors import SpecError
from core.models.backbone import Backbone
from core.models.loading import load_backbone
from core.models.pieces import plain_ids, word_ids
from core.models.placement import Placement
from core.search import continuation_beam
from core.search.continuation_beam import continue_texts, most_steps
from core.search.patterns import write_patterns

TEXTS = ("the service is excellent", "The plot is boring, and far too long.", "a warm film")
WORDS = ("great", "terrible", "great")
EXAMPLES = [Example(text, "", word) for text, word in zip(TEXTS, WORDS, strict=True)]


@pytest.fixture(scope="module")
def causal() -> Backbone:
    return load_backbone("mini-causal", Placement("cpu", "float32"))


@torch.inference_mode()
def log_probability(backbone: Backbone, start: list[int], rest: Sequence[int]) -> float:
    """The plain sum over the tokens of `rest`, each after all that stands before it."""
    ids = torch.tensor([[*start, *rest]])
    logits = backbone.model(input_ids=ids).logits[0].log_softmax(-1)
    return sum(float(logits[len(start) + at - 1, token]) for at, token in enumerate(rest))


def plain_score(backbone: Backbone, before: Sequence[int], after: Sequence[int],
                words: Sequence[list[int]]) -> float:
    return sum(log_probability(backbone, ids, [*before, *word, *after])
               for ids, word in zip(plain_ids(TEXTS, backbone), words, strict=True))


def test_scores_are_plain_sums(causal: Backbone) -> None:
    words = [word_ids(word, causal) for word in WORDS]
    found = continue_texts(causal, plain_ids(TEXTS, causal), words, 12)
    assert len(found) == 12
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)
    equal = 0
    for each in found:
        before, after = plain_ids([each.before, each.after], causal)
        score = plain_score(causal, before, after, words)
        assert each.score > score - 1e-3  # written in other tokens, it is likelier in those
        equal += each.score == pytest.approx(score, abs=1e-3)
    assert equal >= 8


def test_words_may_have_several_tokens_and_different_numbers(causal: Backbone) -> None:
    words = [word_ids(word, causal) for word in ("great", "not worth seeing", "a gem")]
    assert len({len(ids) for ids in words}) == 3
    found = continue_texts(causal, plain_ids(TEXTS, causal), words, 6)
    for each in found[:3]:
        before, after = plain_ids([each.before, each.after], causal)
        assert each.score == pytest.approx(plain_score(causal, before, after, words), abs=1e-3)


def test_a_wide_beam_finds_what_trying_everything_finds(
    tiny: Callable[..., Backbone], monkeypatch: pytest.MonkeyPatch
) -> None:
    backbone = tiny("llama")
    monkeypatch.setattr(continuation_beam, "MOST_BEFORE", 1)
    monkeypatch.setattr(continuation_beam, "MOST_AFTER", 1)
    words = [word_ids(word, backbone)[:2] for word in WORDS]
    found = continue_texts(backbone, plain_ids(TEXTS, backbone), words, 10_000)
    search = continuation_beam._Search(backbone, plain_ids(TEXTS, backbone), words, 1)
    spelled = {token: text for token, text in enumerate(search._spelled)
               if token not in backbone.tokenizer.all_special_ids}
    befores = [token for token, text in spelled.items()
               if continuation_beam._WRITABLE.fullmatch(text) and text not in (".", "!", "?")]
    ends = [token for token, text in spelled.items() if text in (".", "!", "?")]
    every = [(plain_score(backbone, [before], [after], words), spelled[before], spelled[after])
             for before, after in itertools.product(befores, ends)]
    score, before, after = max(every)
    with_end = [each for each in found if each.after]
    assert (with_end[0].before, with_end[0].after) == (before, after)
    assert with_end[0].score == pytest.approx(score, abs=1e-3)
    distinct = {(before.casefold(), after) for _, before, after in every}
    assert len(with_end) == len(distinct)


def test_what_is_written_is_clean(causal: Backbone) -> None:
    words = [word_ids(word, causal) for word in WORDS]
    found = continue_texts(causal, plain_ids(TEXTS, causal), words, 40)
    assert len({(each.before.casefold(), each.after) for each in found}) == len(found)
    for each in found:
        assert set("\n\t{}<>|[]\"").isdisjoint(each.before + each.after)
        assert each.before.strip()
        assert not each.before.endswith((".", "!", "?"))
        assert each.after.endswith((".", "!", "?")) or each.before.endswith(":")


@pytest.mark.parametrize("kind", ["gpt2", "llama", "mistral"])
def test_spaces_stay_where_tokenizers_drop_a_texts_first_one(
    kind: str, tiny: Callable[..., Backbone]
) -> None:
    backbone = tiny(kind)
    words = [word_ids(word, backbone) for word in WORDS]
    found = continue_texts(backbone, plain_ids(TEXTS, backbone), words, 60)
    known = {"film", "bread", "story", "park", "dog", "great"}
    written = [each.before for each in found if set(each.before.split()) & known]
    assert written
    assert all(before.startswith(" ") for before in written if before.split()[0] in known)


def test_progress_never_goes_back(causal: Backbone) -> None:
    words, steps = [word_ids(word, causal) for word in WORDS], list[int]()
    continue_texts(causal, plain_ids(TEXTS, causal), words, 3, steps.append)
    assert steps == sorted(steps)
    assert steps[-1] <= most_steps(words)


def test_patterns_end_with_the_answer(causal: Backbone) -> None:
    found = write_patterns(causal, EXAMPLES, {"great": "great", "terrible": "terrible"}, beam=8)
    words = [word_ids(word, causal) for word in WORDS]
    plain = continue_texts(causal, plain_ids(TEXTS, causal), words, 8)
    assert [written.score for written in found] == pytest.approx([each.score for each in plain])
    for written in found:
        assert str(written.pattern).startswith("{text_a}")
        assert written.layout == "mask-last"
        assert written.pattern.masks == 1


def test_pairs_are_shown_whole_before_the_answer(causal: Backbone) -> None:
    pairs = [Example(text, "a story of love", word)
             for text, word in zip(TEXTS, WORDS, strict=True)]
    found = write_patterns(causal, pairs, {"great": "Yes", "terrible": "No"}, beam=4)
    assert all(str(written.pattern).startswith("{text_a} {text_b}") for written in found)


def test_what_cannot_be_written_is_refused(causal: Backbone) -> None:
    words = {"great": "great", "terrible": "terrible"}
    with pytest.raises(SpecError, match="no labelled examples"):
        write_patterns(causal, [], words)
    with pytest.raises(SpecError, match="'averaged' is LM-BFF's way with T5"):
        write_patterns(causal, EXAMPLES, words, averaged=True)


