"""Models that load and yet cannot be trusted: damaged weights, foreign tokenizers, odd families."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_models import WORDS, save_model
from transformers import AutoTokenizer, MBartTokenizer

from core.data.task import Example
from core.errors import ModelError, VerbalizerError
from core.models.backbone import Backbone
from core.models.batches import collate
from core.models.encoding import encode
from core.models.loading import load_backbone
from core.models.pieces import single_ids
from core.models.placement import Placement
from core.models.scoring import answer_logits
from core.models.vocabulary import token_counts, word_mask
from core.prompts.pattern import Pattern

CPU = Placement("cpu", "float32")
PATTERN = Pattern.parse("{text_a} It was {mask}.")
Saved = Callable[..., Path]
Tiny = Callable[..., Backbone]


def rewrite(folder: Path, **values: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def add_tokens(folder: Path, *tokens: str, **special: str) -> None:
    """Add tokens to the tokenizer, but no rows to the model."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_tokens(list(tokens))
    if special:
        tokenizer.add_special_tokens(special)
    tokenizer.save_pretrained(folder)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize(("kind", "part"), [("bert", "encoder.layer.1"), ("t5", "decoder"),
                                            ("gpt2", "h.0.attn"), ("bert", "word_embeddings")])
def test_weights_that_are_no_numbers_are_refused(kind: str, part: str, number: float,
                                                 saved: Saved) -> None:
    path = saved(kind) / "model.safetensors"
    weights = load_file(path)
    name = next(name for name in weights if part in name and name.endswith("weight"))
    weights[name].view(-1)[-1] = number
    save_file(weights, path, metadata={"format": "pt"})
    with pytest.raises(ModelError, match="NaN or infinity") as error:
        load_backbone(str(path.parent), CPU)
    assert name.split(".")[-2] in str(error.value)


@pytest.mark.parametrize("kind", ["bert", "deberta-v2", "t5", "bart", "gpt2", "llama"])
def test_logits_that_are_no_numbers_are_refused(kind: str, tiny: Tiny) -> None:
    damaged = tiny(kind).trainable_copy()
    with torch.no_grad():
        damaged.model.get_input_embeddings().weight.fill_(torch.nan)
    batch = collate(encode([PATTERN.render(Example("Yes"))], damaged), damaged)
    with pytest.raises(ModelError, match="answers with NaN or infinity"):
        answer_logits(damaged, batch, torch.tensor([3, 4]))


@pytest.mark.parametrize("kind", ["gpt2", "bert", "t5"])
def test_tokens_without_rows_do_no_harm_until_they_are_used(kind: str, saved: Saved) -> None:
    folder = saved(kind)
    plain = load_backbone(str(folder), CPU)
    add_tokens(folder, "zebra", pad_token="[PADDING]")
    backbone = load_backbone(str(folder), CPU)
    prompts = [PATTERN.render(Example(text)) for text in ("Yes", "The dog is in the park")]
    batches = [collate(encode(prompts, each), each) for each in (backbone, plain)]
    torch.testing.assert_close(answer_logits(backbone, batches[0]),
                               answer_logits(plain, batches[1]), atol=1e-5, rtol=1e-5)
    assert len(word_mask(backbone)) == len(token_counts(["a zebra"], backbone))
    assert len(word_mask(backbone)) == backbone.vocabulary_size
    with pytest.raises(ModelError, match=r"knows the token '.*zebra'.*has only \d+ rows"):
        collate(encode([PATTERN.render(Example("A zebra was there"))], backbone), backbone)
    with pytest.raises(VerbalizerError, match="does not know the word 'zebra'"):
        single_ids([("animal", "zebra")], backbone)


def test_a_mask_token_without_a_row_is_refused(saved: Saved) -> None:
    folder = saved("bert")
    add_tokens(folder, mask_token="[GAP]")
    with pytest.raises(ModelError, match=r"mask token .* has the id \d+, but .* only \d+ rows"):
        load_backbone(str(folder), CPU)


@pytest.mark.parametrize("kind", ["bart", "t5"])
def test_a_decoder_needs_its_first_token(kind: str, saved: Saved) -> None:
    folder = saved(kind)
    start = json.loads((folder / "config.json").read_text())["decoder_start_token_id"]
    for path in (folder / "config.json", folder / "generation_config.json"):
        path.write_text(json.dumps({**json.loads(path.read_text()),
                                    "decoder_start_token_id": None}))
    with pytest.raises(ModelError, match="names no decoder_start_token_id"):
        load_backbone(str(folder), CPU)
    path.write_text(json.dumps({**json.loads(path.read_text()), "decoder_start_token_id": start}))
    assert load_backbone(str(folder), CPU).model.config.decoder_start_token_id == start


def test_mbart_reads_and_writes_its_language_code(tmp_path: Path) -> None:
    pieces = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0),
              *((f"▁{word}", -3.0) for word in WORDS), *((letter, -9.0) for letter in "▁.eglrt")]
    tokenizer = MBartTokenizer(vocab=pieces, src_lang="ro_RO")
    folder = save_model("mbart", tmp_path / "mbart", vocab_size=len(tokenizer),
                        decoder_start_token_id=None)
    tokenizer.save_pretrained(folder)
    rewrite(folder, decoder_start_token_id=None)
    (folder / "generation_config.json").write_text("{}")
    backbone = load_backbone(str(folder), CPU)
    encoded = encode([PATTERN.render(Example("The dog was great"))], backbone)[0]
    tokens = backbone.tokenizer.convert_ids_to_tokens(encoded.ids)
    assert (tokens[0], tokens[-2:]) == ("▁The", ["</s>", "ro_RO"])
    batch = collate([encoded], backbone)
    assert batch.decoder_ids[0, 0] == tokenizer.convert_tokens_to_ids("ro_RO")


def test_a_model_that_looks_ahead_is_not_causal(saved: Saved) -> None:
    folder = saved("bert")
    rewrite(folder, architectures=["BertLMHeadModel"], is_decoder=False)
    with pytest.raises(ModelError, match="loaded as a causal one, but its answers depend"):
        load_backbone(str(folder), CPU)


def test_a_model_that_does_not_look_ahead_fills_no_masks(saved: Saved) -> None:
    folder = saved("bert")
    rewrite(folder, is_decoder=True)
    with pytest.raises(ModelError, match="does not see what follows"):
        load_backbone(str(folder), CPU)


def test_a_model_without_padding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"padding|trial prompt"):
        load_backbone(str(save_model("fnet", tmp_path / "fnet")), CPU)
