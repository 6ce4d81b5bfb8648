"""Packed encoders compute what the encoders of transformers compute, forwards and backwards."""

from collections.abc import Callable

import pytest
import torch

from core.data.task import Example
from core.methods.head import with_head
from core.models.backbone import Backbone
from core.models.batches import Batch, collate
from core.models.encoding import encode
from core.models.packed import TYPES, answer_states
from core.models.scoring import class_logits
from core.prompts.pattern import Pattern

Tiny = Callable[..., Backbone]
PATTERNS = ("{text_a} It was {mask}.", "{mask} {text_a} {mask}{sep} The {mask}", "{mask}")
TEXTS = (
    "The film was great, the story was terrible.",
    "Yes",
    "The dog is in the park and the bread is in the film",
)


def _batch(backbone: Backbone, patterns: tuple[str, ...] = PATTERNS) -> Batch:
    prompts = [
        Pattern.parse(pattern).render(Example(text))
        for pattern, text in zip(patterns, TEXTS, strict=True)
    ]
    return collate(encode(prompts, backbone), backbone)


def _whole(encoder: torch.nn.Module, batch: Batch) -> torch.Tensor:
    types = {} if batch.type_ids is None else {"token_type_ids": batch.type_ids}
    states = encoder(input_ids=batch.ids, attention_mask=batch.attention, **types).last_hidden_state
    return states[batch.rows, batch.columns]


@pytest.mark.parametrize("kind", sorted(TYPES))
@pytest.mark.parametrize("changes", [{}, {"num_hidden_layers": 1}])
def test_gradients_are_those_of_the_whole_encoder(kind: str, changes: dict, tiny: Tiny) -> None:
    trained = tiny(kind, **changes).trainable_copy()
    batch, encoder = _batch(trained), trained.model.base_model
    assert len(batch.rows) == 5
    weights = torch.randn(5, trained.width, generator=torch.Generator().manual_seed(0))
    found = []
    for states in (answer_states(encoder, batch), _whole(encoder, batch)):
        encoder.zero_grad()
        (states * weights).sum().backward()
        found.append((states, {name: weight.grad for name, weight in encoder.named_parameters()
                               if weight.grad is not None}))
    torch.testing.assert_close(found[0][0], found[1][0], atol=1e-5, rtol=1e-5)
    assert {name for name in found[1][1] if not name.startswith("pooler.")} == set(found[0][1])
    for name, gradient in found[0][1].items():
        torch.testing.assert_close(gradient, found[1][1][name], atol=1e-4, rtol=1e-4, msg=name)


def test_prompts_of_one_length_need_no_mask(tiny: Tiny) -> None:
    backbone = tiny("bert")
    alike = [
        Pattern.parse("The {text_a} is {mask}.").render(Example(text))
        for text in ("dog", "film", "park")
    ]
    batch = collate(encode(alike, backbone), backbone)
    assert bool(batch.attention.all())
    torch.testing.assert_close(answer_states(backbone.model.base_model, batch),
                               _whole(backbone.model.base_model, batch), atol=1e-5, rtol=1e-5)


def test_dropout_is_drawn_in_training_only(tiny: Tiny) -> None:
    trained = tiny("bert").trainable_copy()
    batch = _batch(trained)
    first = answer_states(trained.model.base_model, batch)
    torch.testing.assert_close(answer_states(trained.model.base_model, batch), first)
    trained.model.train()
    assert not torch.allclose(answer_states(trained.model.base_model, batch), first)


@pytest.mark.parametrize("kind", sorted({*TYPES, "albert"}))
@torch.inference_mode()
def test_classifiers_say_what_the_whole_model_says(kind: str, tiny: Tiny) -> None:
    classifier = with_head(tiny(kind), ("bad", "fair", "good"), 13)
    batch = _batch(classifier)
    types = {} if batch.type_ids is None else {"token_type_ids": batch.type_ids}
    whole = classifier.model(input_ids=batch.ids, attention_mask=batch.attention, **types).logits
    torch.testing.assert_close(class_logits(classifier, batch), whole, atol=1e-5, rtol=1e-5)
