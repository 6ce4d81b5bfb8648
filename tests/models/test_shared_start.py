"""Prompts after a shared start are answered as if each were read whole."""

from collections.abc import Callable

import pytest
import torch

from core.data.task import Example
from core.models import scoring
from core.models.backbone import Backbone
from core.models.batches import collate
from core.models.encoding import Encoded, encode
from core.models.scoring import all_answer_features, answer_features
from core.models.shared_start import SharedStart
from core.prompts.demonstrations import with_demonstrations
from core.prompts.pattern import Pattern
from core.prompts.verbalizer import Verbalizer

Tiny = Callable[..., Backbone]
CAUSAL = ("gpt2", "gpt_neo", "gptj", "gpt_neox", "opt", "llama", "qwen2", "qwen3")
SHOWN = [Example("The film was great, the story was good.", label="good"),
         Example("The dog is in the park and the bread is old.", label="bad")]
TEXTS = (
    "A film",
    "The story was terrible and the film was great",
    "Yes",
    "The dog",
    "The bread is good",
)
WORDS = Verbalizer.of({"bad": ["terrible"], "good": ["great"]}, ("bad", "good"))


def _asked(backbone: Backbone, texts: tuple[str, ...] = TEXTS) -> list[Encoded]:
    pattern = Pattern.parse("{text_a} It was {mask}.")
    return encode(
        [with_demonstrations(pattern, Example(text), SHOWN, WORDS, before=True) for text in texts],
        backbone,
    )


def _whole(backbone: Backbone, encoded: list[Encoded]) -> torch.Tensor:
    with torch.inference_mode():
        return torch.cat(
            [answer_features(backbone, collate([prompt], backbone)) for prompt in encoded]
        )


@pytest.mark.parametrize("kind", CAUSAL)
def test_answers_are_those_of_whole_prompts(kind: str, tiny: Tiny) -> None:
    backbone = tiny(kind)
    encoded = _asked(backbone)
    assert SharedStart.of(backbone, encoded) is not None
    for batch_tokens in (10_000, 100):
        torch.testing.assert_close(
            all_answer_features(backbone, encoded, batch_tokens),
            _whole(backbone, encoded),
            atol=1e-5,
            rtol=1e-4,
        )


def test_the_start_is_read_once(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    backbone = tiny("gpt2")
    encoded = _asked(backbone)
    read = []
    monkeypatch.setattr(scoring, "answer_features", lambda *_: pytest.fail("read whole"))
    watched = backbone.model.get_input_embeddings().register_forward_pre_hook(
        lambda _module, given: read.append(given[0].numel()))
    all_answer_features(backbone, encoded)
    watched.remove()
    start, rest = read
    assert start > 30
    assert rest == len(encoded) * (max(len(prompt.ids) for prompt in encoded) - start)


def test_shortened_prompts_are_read_whole(tiny: Tiny) -> None:
    backbone = tiny("gpt2")
    encoded = _asked(backbone, (*TEXTS, "the film was good and " * 40))
    assert [prompt.shortened > 0 for prompt in encoded] == [False] * 5 + [True]
    torch.testing.assert_close(
        all_answer_features(backbone, encoded, 1_000),
        _whole(backbone, encoded),
        atol=1e-5,
        rtol=1e-4,
    )


def test_equal_prompts_keep_the_token_they_are_read_at(tiny: Tiny) -> None:
    backbone = tiny("gpt2")
    encoded = _asked(backbone, ("Yes", "Yes"))
    torch.testing.assert_close(
        all_answer_features(backbone, encoded), _whole(backbone, encoded), atol=1e-5, rtol=1e-4
    )


def test_where_it_is_not_worth_it(tiny: Tiny) -> None:
    backbone = tiny("gpt2")
    short = encode(
        [Pattern.parse("{text_a} It was {mask}.").render(Example(text)) for text in TEXTS], backbone
    )
    assert SharedStart.of(backbone, short) is None
    assert SharedStart.of(backbone, _asked(backbone)[:1]) is None
    masked = tiny("bert")
    assert SharedStart.of(masked, _asked(masked)) is None
