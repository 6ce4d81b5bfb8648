"""What is hidden, and what is asked for."""

from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer

from core.pretraining.objectives import OBJECTIVES, corrupt, hide, sentinel_ids
from core.pretraining.recipe import Recipe, Source
from core.pretraining.tokenizers import SENTINELS, make_tokenizer

TEXTS = [
    "The dog is in the park and the film was great.",
    "No bread today, she said: 3 loaves!",
] * 50


@pytest.fixture(scope="module")
def t5() -> Any:
    return make_tokenizer("seq2seq", TEXTS, 300, 64)


def recipe(**changes: Any) -> Recipe:
    return Recipe("m", "masked", (Source("a"),), "s", **changes)


def test_hidden_tokens_follow_the_shares(tiny: Any) -> None:
    tokenizer = tiny("bert").tokenizer
    wanted = recipe(chosen=0.3, masked=0.6, random=0.2)
    film = tokenizer.convert_tokens_to_ids("film")
    rows = np.full((400, 50), film)
    rows[:, 0], rows[:, -1] = tokenizer.cls_token_id, tokenizer.sep_token_id
    seen, chosen = hide(rows, wanted, tokenizer, "train", 0)
    assert abs(chosen[:, 1:-1].mean() - 0.3) < 0.02
    assert not chosen[:, [0, -1]].any()
    assert abs((seen[chosen] == tokenizer.mask_token_id).mean() - 0.6) < 0.03
    assert abs((seen[chosen] == film).mean() - 0.2) < 0.03
    assert (seen[~chosen] == rows[~chosen]).all()
    assert (hide(rows, wanted, tokenizer, "train", 0)[0] == seen).all()
    assert (hide(rows, wanted, tokenizer, "train", 1)[0] != seen).any()


@pytest.mark.parametrize("seed", range(60))
def test_spans_and_inputs_together_are_the_text(t5: Any, seed: int) -> None:
    draws = np.random.default_rng(seed)
    length, chosen, span = (
        int(draws.integers(4, 90)),
        float(draws.uniform(0.01, 0.9)),
        float(draws.uniform(1, 9)),
    )
    rows = draws.integers(3, len(t5) - SENTINELS, (3, length))
    rows[:, -1] = t5.eos_token_id
    inputs, targets = corrupt(rows, recipe(chosen=chosen, span=span, seed=seed), t5, "train")
    sentinels = sentinel_ids(t5).tolist()
    for row, shown, target in zip(rows.tolist(), inputs.tolist(), targets.tolist(), strict=True):
        assert target[-1] == t5.eos_token_id
        spans: dict[int, list[int]] = {}
        for token in target[:-1]:
            if token in sentinels:
                spans[token] = []
            else:
                spans[list(spans)[-1]].append(token)
        assert list(spans) == sentinels[: len(spans)]
        assert all(spans.values())
        assert [
            token for shown_token in shown for token in spans.get(shown_token, [shown_token])
        ] == row


def test_spans_follow_the_shares(t5: Any) -> None:
    rows = np.full((64, 101), 7)
    inputs, targets = corrupt(rows, recipe(chosen=0.15, span=3.0), t5, "train")
    assert inputs.shape[1] == 101 - 15 + 5
    assert targets.shape[1] == 15 + 5 + 1
    assert len({tuple(row) for row in inputs.tolist()}) > 50  # each row has spans of its own


def test_tokenizers_read_back_and_keep_their_special_tokens(t5: Any, tmp_path: Any) -> None:
    t5.save_pretrained(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path)
    assert (again.pad_token_id, again.eos_token_id, again.unk_token_id) == (0, 1, 2)
    assert sentinel_ids(again).tolist() == list(
        range(len(again) - 1, len(again) - 1 - SENTINELS, -1)
    )
    ids = again("The dog is <extra_id_0> the park.")["input_ids"]
    assert ids[-1] == again.eos_token_id
    assert sentinel_ids(again)[0] in ids
    pairs = make_tokenizer("causal", TEXTS, 400, 64)
    assert pairs.decode(pairs("Čau, 你好 🙂\n")["input_ids"]) == "Čau, 你好 🙂\n"


@pytest.mark.parametrize(
    ("objective", "kind"), [("masked", "bert"), ("spans", "t5"), ("next", "gpt2")]
)
@torch.inference_mode()
def test_answers_stand_beside_what_is_right(objective: str, kind: str, tiny: Any) -> None:
    backbone = tiny(kind)
    rows = np.random.default_rng(0).integers(12, 40, (3, 20))
    if objective == "spans":
        rows[:, -1] = backbone.tokenizer.eos_token_id
    logits, gold = OBJECTIVES[objective].answers(backbone, rows, recipe(), "train", 0)
    assert logits.shape == (len(gold), backbone.model.get_output_embeddings().weight.shape[0])
    if objective == "next":
        assert gold.tolist() == rows[:, 1:].ravel().tolist()
        alone = backbone.model(torch.from_numpy(rows[:1, :5])).logits[0]
        torch.testing.assert_close(logits[:5], alone, atol=1e-4, rtol=1e-4)
