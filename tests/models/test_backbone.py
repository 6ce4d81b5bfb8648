"""Loading models of every supported type, reading their answers, and refusing what is no model."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from tiny_models import RECIPES

from core.data.task import Example
from core.errors import DownloadError, ModelError
from core.models.backbone import Backbone
from core.models.batches import Batch, collate
from core.models.encoding import encode
from core.models.loading import BackboneCache, load_backbone
from core.models.model_files import bundled_names, weights_digest
from core.models.placement import Placement
from core.models.scoring import all_answer_logits, answer_logits
from core.prompts.pattern import Pattern

CPU = Placement("cpu", "float32")
PROMPTS = [
    Pattern.parse("{text_a} It was {mask}.").render(
        Example("The film was great, the story was terrible.")
    ),
    Pattern.parse("{text_a}?{sep} {mask}, {text_b|lower_first}").render(
        Example("The dog is in the park", "No bread")
    ),
    Pattern.parse("{text_a} {mask}").render(Example("Yes")),
]
VARIANTS = [*((kind, {}) for kind in RECIPES), ("t5", {"tie_word_embeddings": False}),
            ("t5", {"feed_forward_proj": "gated-gelu"}), ("bert", {"hidden_act": "relu"}),
            ("deberta", {"legacy": False}), ("deberta-v2", {"legacy": False}),
            ("gpt2", {"tie_word_embeddings": False})]
Tiny = Callable[..., Backbone]
Saved = Callable[..., Path]


def _full_logits(backbone: Backbone, batch: Batch) -> torch.Tensor:
    """What the whole model of transformers says at the places of the answers."""
    if backbone.family == "seq2seq":
        logits = backbone.model(
            input_ids=batch.ids[batch.rows],
            attention_mask=batch.attention[batch.rows],
            decoder_input_ids=batch.decoder_ids,
        ).logits
        return logits[torch.arange(len(batch.rows)), batch.decoder_columns]
    types = {} if batch.type_ids is None else {"token_type_ids": batch.type_ids}
    logits = backbone.model(input_ids=batch.ids, attention_mask=batch.attention, **types).logits
    return logits[batch.rows, batch.columns]


@pytest.mark.parametrize(("kind", "changes"), VARIANTS)
@torch.inference_mode()
def test_answers_are_those_of_the_whole_model(kind: str, changes: dict, tiny: Tiny) -> None:
    backbone = tiny(kind, **changes)
    batch = collate(encode(PROMPTS, backbone), backbone)
    full = _full_logits(backbone, batch)
    assert full.std() > 0.1  # flat logits would hide differences
    columns = torch.tensor([7, 3, 11])
    torch.testing.assert_close(answer_logits(backbone, batch), full, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(
        answer_logits(backbone, batch, columns), full[:, columns], atol=1e-5, rtol=1e-5
    )


@pytest.mark.parametrize("kind", ["bert", "t5", "bart", "gpt2", "llama"])
def test_answers_do_not_depend_on_the_company(kind: str, tiny: Tiny) -> None:
    backbone = tiny(kind)
    encoded = encode(PROMPTS, backbone)
    alone = torch.cat([all_answer_logits(backbone, [prompt], [3, 5, 7]) for prompt in encoded])
    torch.testing.assert_close(
        all_answer_logits(backbone, encoded, [3, 5, 7]), alone, atol=1e-5, rtol=1e-5
    )


@pytest.mark.parametrize(("kind", "length"), [
    ("bert", 128), ("roberta", 128), ("mpnet", 128), ("t5", 512), ("gpt2", 128), ("llama", 128),
])
def test_the_longest_prompt_fits(kind: str, length: int, tiny: Tiny) -> None:
    backbone = tiny(kind)
    assert backbone.max_length == length
    encoded = encode([Pattern.parse("{text_a} {mask}").render(Example("dog " * 999))], backbone)
    assert all_answer_logits(backbone, encoded, [3]).isfinite().all()


def test_a_loaded_model_is_frozen_and_its_copy_is_not(tiny: Tiny) -> None:
    backbone = tiny("bert")
    copied = backbone.trainable_copy()
    assert not any(weight.requires_grad for weight in backbone.model.parameters())
    assert all(weight.requires_grad for weight in copied.model.parameters())
    batch = collate(encode(PROMPTS, copied), copied)
    before = answer_logits(backbone, batch)
    answer_logits(copied, batch).sum().backward()
    with torch.no_grad():
        for weight in copied.model.parameters():
            weight.zero_()
    assert torch.equal(answer_logits(backbone, batch), before)
    assert (backbone.width, backbone.family, backbone.model.training) == (32, "masked", False)
    assert copied.parameters == backbone.parameters > 10_000


def _rewrite(folder: Path, name: str, **values: object) -> None:
    data = {**json.loads((folder / name).read_text()), **values}
    (folder / name).write_text(
        json.dumps({key: value for key, value in data.items() if value is not None})
    )


def _unlink(folder: Path, pattern: str) -> None:
    for path in folder.glob(pattern):
        path.unlink()


DAMAGES: list[tuple[str, Callable[[Path], object], str]] = [
    ("no configuration", lambda folder: (folder / "config.json").unlink(), "holds no config.json"),
    (
        "broken configuration",
        lambda folder: (folder / "config.json").write_text("{"),
        "cannot be loaded",
    ),
    (
        "odd type",
        lambda folder: _rewrite(folder, "config.json", model_type=["bert"]),
        "cannot be loaded",
    ),
    (
        "unknown type",
        lambda folder: _rewrite(folder, "config.json", model_type="vit"),
        "of type 'vit'",
    ),
    (
        "unheard-of type",
        lambda folder: _rewrite(folder, "config.json", model_type="nonsense"),
        "cannot be loaded",
    ),
    (
        "other width",
        lambda folder: _rewrite(folder, "config.json", hidden_size=64),
        "in another shape",
    ),
    (
        "other architecture",
        lambda folder: _rewrite(folder, "config.json", model_type="roberta"),
        "lack 44 parts",
    ),
    ("no tokenizer", lambda folder: _unlink(folder, "token*"), "is empty; its files"),
    (
        "broken tokenizer",
        lambda folder: (folder / "tokenizer.json").write_text("{}"),
        "cannot be loaded",
    ),
    (
        "no mask token",
        lambda folder: _rewrite(folder, "tokenizer_config.json", mask_token=None),
        "has no mask token",
    ),
]


@pytest.mark.parametrize(
    ("damage", "message"), [pytest.param(*row[1:], id=row[0]) for row in DAMAGES]
)
def test_what_is_no_model_is_refused(
    damage: Callable[[Path], object], message: str, saved: Saved
) -> None:
    folder = saved("bert")
    damage(folder)
    with pytest.raises(ModelError) as error:
        load_backbone(str(folder), CPU)
    assert message in str(error.value)


def test_a_model_saved_without_its_head_is_refused(saved: Saved) -> None:
    folder = saved("bert")
    load_backbone(str(folder), CPU).model.base_model.save_pretrained(folder)
    with pytest.raises(ModelError, match=r"for instance cls\.predictions"):
        load_backbone(str(folder), CPU)


def test_code_beside_a_model_is_not_run(saved: Saved) -> None:
    folder = saved("bert")
    _rewrite(
        folder,
        "config.json",
        auto_map={"AutoModelForMaskedLM": "evil.Model", "AutoConfig": "evil.Config"},
    )
    (folder / "evil.py").write_text("raise SystemExit('run')")
    assert load_backbone(str(folder), CPU).family == "masked"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "is no model name"),
        ("a\0b", "is no model name"),
        ("a" * 301, "is no model name"),
        ("/no/such/folder", "There is no folder"),
        ("~/no/such/folder", "There is no folder"),
        ("..\\up", "There is no folder"),
        ("a/b/c", "cannot be loaded"),
        ("two words", "cannot be loaded"),
    ],
)
def test_names_that_cannot_be_models_are_refused(name: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        load_backbone(name, CPU)


def test_a_hub_that_does_not_answer_is_no_bad_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(DownloadError, match="neither bundled nor on this disk"):
        load_backbone("nobody/nothing-of-this-name", CPU)


def test_the_cache_keeps_the_models_used_last(saved: Saved) -> None:
    names = [str(saved(kind)) for kind in ("bert", "gpt2", "t5")]
    cache = BackboneCache(CPU, size=2)
    first = cache.get(names[0])
    assert cache.get(names[0]) is first
    for name in (names[1], names[0], names[2]):
        cache.get(name)
    assert cache.loads == 3
    assert cache.get(names[0]) is first
    cache.get(names[1])
    assert cache.loads == 4


def test_a_host_may_offer_some_models_only() -> None:
    cache = BackboneCache(CPU, allowed=["some/model"])
    cache.check_allowed("some/model")
    for name in bundled_names():
        cache.check_allowed(name)
    with pytest.raises(ModelError, match="'other/model' is not offered here"):
        cache.get("other/model")
    BackboneCache(CPU).check_allowed("other/model")


def test_the_digest_is_that_of_the_weights(saved: Saved) -> None:
    folder = saved("bert")
    first = weights_digest(str(folder))
    _rewrite(folder, "config.json", note="changed")
    assert weights_digest(str(folder)) == first != ""
    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (folder / "model.safetensors").write_bytes(weights)
    assert weights_digest(str(folder)) != first
    assert weights_digest("some/model") == ""


def test_models_that_load_together_get_all_their_weights(
    tiny_model_folder: Callable[..., Path]
) -> None:
    name = str(tiny_model_folder("bert"))
    whole = load_backbone(name, CPU).model.state_dict()
    with ThreadPoolExecutor(4) as pool:
        loaded = list(pool.map(lambda _: load_backbone(name, CPU), range(12)))
    for backbone in loaded:
        for key, weight in backbone.model.state_dict().items():
            assert torch.equal(weight, whole[key]), key
