"""Prefix-Tuning: keys and values, losses, gradients and outputs of the published code."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from core.models.decoding import Decoding
from core.models.infix import read_infix
from core.models.padding import padded
from core.models.prefix import Prefix
from core.models.prefix_attention import prefixed, read_prefix
from core.models.prefix_parameters import EmbeddingPrefix, Mlp, fit, new_parameters
from core.models.source_target import target_log_probs
from core.models.writing import write

PARTS = ("encoder", "decoder", "cross")


def tensor(parity: Any, reference: dict[str, str] | str) -> torch.Tensor:
    """A stored array; its file is the fixture's own unless named."""
    if isinstance(reference, str):
        reference = {"file": parity.inputs["tensors"], "tensor": reference}
    return load_file(parity.path.parent / reference["file"])[reference["tensor"]]


def fill(part: nn.Module, parity: Any, weights: dict[str, Any]) -> None:
    part.load_state_dict({name: tensor(parity, place) for name, place in weights.items()})


def parts_of(batch: dict[str, Any]) -> tuple[list[list[int]], list[list[int]]]:
    """The sources and targets of a batch whose labels are -100 up to the target."""
    sources, targets = [], []
    rows = zip(batch["input_ids"], batch["labels"], batch["num_real_tokens"], strict=True)
    for ids, labels, length in rows:
        start = sum(label == -100 for label in labels[:length])
        sources.append(ids[:start])
        targets.append(ids[start:length])
    return sources, targets


def close(found: torch.Tensor, wanted: torch.Tensor, atol: float) -> None:
    torch.testing.assert_close(found, wanted, atol=atol, rtol=0)


def test_prefix_gpt2(parity: Any) -> None:
    inputs, expected = parity.inputs, parity.expected["full"]
    backbone = parity.backbone(inputs["model"])
    made = new_parameters(backbone, "mlp", inputs["prefix_length"], inputs["mid_dim"])
    fill(made.parts["decoder"], parity, inputs["weights"]["mlp"])
    prefix = made()
    close(prefix.key_values["decoder"][:, 0], tensor(parity, expected["key_values"]), 1e-4)

    found = target_log_probs(backbone, *parts_of(inputs["batch"]), prefix)
    losses = expected["summed_token_loss_per_example"]
    assert (-found.sums()).tolist() == pytest.approx(losses, rel=1e-4)
    assert -found.tokens.mean().item() == pytest.approx(expected["token_mean_loss"], rel=1e-4)
    (-found.sums().mean()).backward()
    norms = {f"mlp.{name}": weight.grad.norm().item()
             for name, weight in made.parts["decoder"].named_parameters()}
    assert norms == pytest.approx(expected["gradient_norms_of_summed_token_loss"], rel=2e-3)


@torch.inference_mode()
def test_prefix_gpt2_logits(parity: Any) -> None:
    inputs = parity.inputs
    backbone = parity.backbone(inputs["model"])
    ids = torch.tensor(inputs["batch"]["input_ids"])
    asked = torch.tensor(inputs["batch"]["logit_positions"])
    rows = torch.arange(len(ids))[:, None]
    for variant in ("full", "flat", "embedding_only", "embedding_mlp"):
        expected = parity.expected[variant]
        prefix = Prefix({"decoder": tensor(parity, expected["key_values"])[:, None]})
        places = torch.arange(ids.shape[1]).expand(len(ids), -1) + prefix.length
        with prefixed(backbone, prefix):
            logits = backbone.model(input_ids=ids, position_ids=places, use_cache=False).logits
        close(logits[rows, asked], tensor(parity, expected["logits"]), 5e-4)


def test_prefix_gpt2_parametrisations(parity: Any) -> None:
    inputs, expected = parity.inputs, parity.expected
    backbone, length = parity.backbone(inputs["model"]), inputs["prefix_length"]
    flat = new_parameters(backbone, "flat", length, 0)
    flat.parts["decoder"].data.copy_(tensor(parity, inputs["weights"]["flat"]).reshape(length, -1))
    embedding = new_parameters(backbone, "embedding", length, 0)
    embedding.part.weight.data.copy_(tensor(parity, inputs["weights"]["embedding_only"]))
    through_mlp = EmbeddingPrefix(backbone, length, inputs["mid_dim"])
    fill(through_mlp.part, parity, inputs["weights"]["embedding_mlp"])
    made = {"flat": flat, "embedding_only": embedding, "embedding_mlp": through_mlp}
    for name, parameters in made.items():
        prefix = parameters()
        close(prefix.key_values["decoder"][:, 0], tensor(parity, expected[name]["key_values"]),
              1e-4)
        if losses := expected[name].get("summed_token_loss_per_example"):
            found = target_log_probs(backbone, *parts_of(inputs["batch"]), prefix)
            assert (-found.sums()).tolist() == pytest.approx(losses, rel=1e-4)


def test_prefix_gpt2_real_words(parity: Any) -> None:
    inputs, expected = parity.inputs, parity.expected["real_words"]
    backbone, ids = parity.backbone(inputs["model"]), inputs["real_words"]["token_ids"]
    wanted = tensor(parity, expected["key_values"])  # [2L, h, P, d]
    close(read_prefix(backbone, ids).key_values["decoder"][:, 0], wanted, 1e-4)
    rows = wanted.permute(2, 0, 1, 3).flatten(1)
    weights = inputs["weights"]["mlp"]
    first = [tensor(parity, weights["embedding.weight"]),
             tensor(parity, inputs["weights"]["infix (prefix_length 4)"]["embedding.weight"])]
    for steps, error in zip(inputs["real_words"]["steps"], expected["mse_after_steps"],
                            strict=True):
        part = Mlp(len(ids), first[0].shape[1], inputs["mid_dim"], rows.shape[1])
        part.load_state_dict({name: torch.cat(first)[:len(ids)] if "embedding" in name
                              else tensor(parity, place) for name, place in weights.items()})
        assert fit(part, rows, steps) == pytest.approx(error, rel=1e-3)


def test_prefix_gpt2_writing(parity: Any) -> None:
    backbone = parity.backbone(parity.inputs["model"])
    prefix = Prefix({"decoder": tensor(parity, parity.expected["full"]["key_values"])[:, None]})
    prompts = parity.inputs["generation"]["prompts"]
    for case in parity.expected["generation"].values():
        settings = case["settings"]
        for rule in ("reference_value", "transformers5_value"):
            decoding = Decoding(
                settings["max_new_tokens"], settings["min_new_tokens"] or 0,
                settings["num_beams"], settings["length_penalty"],
                normalisation="whole" if rule == "reference_value" else "output",
                forbidden=tuple(token for token, in settings["bad_words_ids"] or ()))
            texts = write(backbone, prompts, decoding, prefix)
            end = [settings["eos_token_id"]]
            found = [[*text.ids, *(end if text.ended else [])] for text in texts]
            assert found == case.get(rule, case.get("outputs"))


def test_prefix_encdec(parity: Any) -> None:
    for kind in ("bart", "t5"):
        inputs, expected = parity.inputs[kind], parity.expected[kind]
        backbone = parity.backbone(inputs["model"])
        made = new_parameters(backbone, "mlp", inputs["prefix_length"], inputs["mid_dim"])
        for place in PARTS:
            fill(made.parts[place], parity, inputs["weights"][place])
        prefix = made()
        for place in PARTS:
            close(prefix.key_values[place][:, 0], tensor(parity, expected["key_values"][place]),
                  1e-4)
        targets = [ids[:length] for ids, length in
                   zip(inputs["target_ids"], inputs["num_target_tokens"], strict=True)]
        loss = -target_log_probs(backbone, sources_of(inputs), targets, prefix).tokens.mean()
        assert loss.item() == pytest.approx(expected["loss"], rel=1e-4)
        loss.backward()
        norms = {name.removeprefix("parts."): weight.grad.norm().item()
                 for name, weight in made.named_parameters()}
        assert norms == pytest.approx(expected["gradient_norms"], rel=2e-3)


@torch.inference_mode()
def test_prefix_encdec_places(parity: Any) -> None:
    wanted = {"full": PARTS, "encoder_only": PARTS[:1], "decoder_only": PARTS[1:2],
              "cross_only": PARTS[2:]}
    for kind in ("bart", "t5"):
        inputs, expected = parity.inputs[kind], parity.expected[kind]
        backbone = parity.backbone(inputs["model"])
        ids, seen = padded(sources_of(inputs), backbone)
        asked = torch.tensor(inputs["logit_positions"])
        for variant, places in wanted.items():
            stored = expected["key_values"]
            prefix = Prefix({place: tensor(parity, stored[place])[:, None] for place in places})
            with prefixed(backbone, prefix):
                logits = backbone.model(
                    input_ids=ids, attention_mask=seen,
                    decoder_input_ids=torch.tensor(inputs["decoder_input_ids"])).logits
            close(logits[torch.arange(len(ids))[:, None], asked],
                  tensor(parity, expected["variants"][variant]["logits"]), 5e-4)


def test_prefix_encdec_writing(parity: Any) -> None:
    for kind in ("bart", "t5"):
        inputs, expected = parity.inputs[kind], parity.expected[kind]
        stored = expected["key_values"]
        prefix = Prefix({place: tensor(parity, stored[place])[:, None] for place in PARTS})
        texts = write(parity.backbone(inputs["model"]), sources_of(inputs),
                      Decoding(inputs["greedy_max_length"] - 1), prefix)
        start = inputs["decoder_start_token_id"]
        found = [[start, *text.ids] for text in texts]
        assert found == [row[:len(ids)] for row, ids in
                         zip(expected["greedy_output"], found, strict=True)]


def sources_of(inputs: dict[str, Any]) -> list[list[int]]:
    """The sources without their padding."""
    rows = zip(inputs["source_ids"], inputs["source_mask"], strict=True)
    return [[token for token, real in zip(ids, seen, strict=True) if real] for ids, seen in rows]


def test_prefix_gpt2_infix(parity: Any) -> None:
    """The first two rows, which are not padded: the published code counts padding as positions."""
    inputs, expected = parity.inputs, parity.expected["infix"]
    backbone, weights = parity.backbone(inputs["model"]), dict(
        inputs["weights"]["infix (prefix_length 4)"])
    made = new_parameters(backbone, "infix", 4, inputs["mid_dim"])
    made.placeholders.weight.data.copy_(tensor(parity, weights.pop("embedding2.weight")))
    fill(made.part, parity, weights)
    batch = inputs["infix_batch"]
    sources = [[*ids, target[0]] for ids, target in
               zip(batch["source_ids"], batch["target_ids"], strict=True)][:2]
    targets = [ids[1:] for ids in batch["target_ids"]][:2]
    infix = made()
    found = target_log_probs(backbone, sources, targets, infix)
    losses = expected["summed_token_loss_per_example"][:2]
    assert (-found.sums()).tolist() == pytest.approx(losses, rel=1e-4)
    with torch.inference_mode():
        read = read_infix(backbone, *padded([source[:-1] for source in sources[:1]], backbone),
                          infix.detached())
    kept = torch.stack([part[0] for layer in read.cache.layers
                        for part in (layer.keys, layer.values)])
    close(kept, tensor(parity, expected["key_values_row0"]), 1e-4)
