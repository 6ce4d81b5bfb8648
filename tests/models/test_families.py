"""The family of a model, by its type and by the class that its weights were saved from."""

from types import SimpleNamespace

import pytest

from core.models.families import family_of, family_of_class, family_of_type


@pytest.mark.parametrize(("kind", "saved", "encodes", "family"), [
    ("bert", ["BertForMaskedLM"], False, "masked"),
    ("bert", ["BertLMHeadModel"], False, "causal"),
    ("bert", ["BertForPreTraining"], False, "masked"),
    ("bert", None, False, "masked"),
    ("bart", ["BartForConditionalGeneration"], True, "seq2seq"),
    ("t5", ["T5ForConditionalGeneration"], True, "seq2seq"),
    ("mistral", ["MistralForCausalLM"], False, "causal"),
    ("whisper", ["WhisperForConditionalGeneration"], True, None),
    ("vit", ["ViTForImageClassification"], False, None),
])
def test_the_saved_class_decides_where_a_type_has_several(
        kind: str, saved: list[str] | None, encodes: bool, family: str | None) -> None:
    config = SimpleNamespace(model_type=kind, architectures=saved, is_encoder_decoder=encodes)
    assert family_of(config) == family


@pytest.mark.parametrize(("name", "kind"), [
    ("BertForMaskedLM", "bert"), ("T5ForConditionalGeneration", "t5"), ("GPT2LMHeadModel", "gpt2"),
    ("LlamaForCausalLM", "llama"), ("ViTForImageClassification", "vit"),
])
def test_a_class_names_its_family(name: str, kind: str) -> None:
    assert family_of_class(name) == family_of_type(kind)
