"""Folders of models as people have them: incomplete, cut off, in other formats."""

import importlib.util
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from core.data.task import Example
from core.errors import ModelError
from core.models.backbone import Backbone
from core.models.batches import collate
from core.models.encoding import encode
from core.models.loading import load_backbone
from core.models.model_files import find_model
from core.models.placement import Placement
from core.models.scoring import answer_logits
from core.prompts.pattern import Pattern

CPU = Placement("cpu", "float32")
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"
PROMPT = Pattern.parse("{text_a} It was {mask}.").render(Example("The dog is in the park"))
Saved = Callable[..., Path]


def sharded(folder: Path, variant: str | None = None) -> Path:
    """The same model with its weights in several files."""
    load_backbone(str(folder), CPU).model.save_pretrained(
        folder, max_shard_size="8KB", variant=variant)
    (folder / "model.safetensors").unlink(missing_ok=True)
    assert len(list(folder.glob("*.safetensors"))) > 2
    return folder


def logits(backbone: Backbone) -> torch.Tensor:
    return answer_logits(backbone, collate(encode([PROMPT], backbone), backbone))


def without_a_shard(folder: Path) -> None:
    next(sharded(folder).glob("model-00002-of-*.safetensors")).unlink()


def without_index(folder: Path) -> None:
    (sharded(folder) / "model.safetensors.index.json").unlink()


def with_damaged_index(folder: Path) -> None:
    (sharded(folder) / "model.safetensors.index.json").write_text('{"weight_map": []}')


def adapter(folder: Path, **settings: object) -> None:
    """Turn the folder into one of a PEFT adapter."""
    (folder / "config.json").unlink()
    os.rename(folder / "model.safetensors", folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps(settings))


def pickled_adapter(folder: Path) -> None:
    adapter(folder, base_model_name_or_path="mini-masked")
    os.rename(folder / "adapter_model.safetensors", folder / "adapter_model.bin")


def as_gguf(folder: Path, *names: str) -> None:
    (folder / "model.safetensors").unlink()
    for name in names:
        (folder / name).write_bytes(b"GGUF")


DAMAGES: list[tuple[str, Callable[[Path], object], tuple[str, ...]]] = [
    ("weights are a pointer", lambda folder: (folder / "model.safetensors").write_bytes(POINTER),
     ("'model.safetensors' is a Git LFS pointer", "git lfs pull")),
    ("tokenizer is a pointer", lambda folder: (folder / "tokenizer.json").write_bytes(POINTER),
     ("'tokenizer.json' is a Git LFS pointer",)),
    ("a shard is missing", without_a_shard, ("lacks 1 of the files", "model-00002-of-0")),
    ("the index is missing", without_index, ("lacks the file 'model.safetensors.index.json'",)),
    ("the index is damaged", with_damaged_index, ("'model.safetensors.index.json'", "is damaged")),
    ("another layout", lambda folder: os.rename(folder / "model.safetensors",
                                                folder / "consolidated.safetensors"),
     ("are in consolidated.safetensors", "reads 'model.safetensors' only")),
    ("empty weights", lambda folder: (folder / "model.safetensors").write_bytes(b""),
     ("'model.safetensors'", "damaged or cut off (0 bytes)")),
    ("cut off", lambda folder: os.truncate(folder / "model.safetensors", 9_000),
     ("'model.safetensors'", "damaged or cut off (9000 bytes)")),
    ("no safetensors", lambda folder: os.rename(folder / "model.safetensors",
                                                folder / "pytorch_model.bin"),
     ("holds no safetensors weights", "convert the model first")),
    ("an adapter of nothing", adapter, ("holds a PEFT adapter", "merge_and_unload")),
    ("a pickled adapter", pickled_adapter,
     ("has no 'adapter_model.safetensors'", "can run code")),
    ("an adapter of itself", lambda folder: adapter(folder, base_model_name_or_path=str(folder)),
     ("which is an adapter itself",)),
    ("two GGUF files", lambda folder: as_gguf(folder, "q4.gguf", "q8.gguf"),
     ("holds GGUF weights (q4.gguf, q8.gguf)", "gguf_file")),
]


@pytest.mark.parametrize(("damage", "parts"),
                         [pytest.param(*row[1:], id=row[0]) for row in DAMAGES])
def test_the_file_at_fault_is_named(damage: Callable[[Path], object], parts: tuple[str, ...],
                                    saved: Saved) -> None:
    folder = saved("bert")
    damage(folder)
    with pytest.raises(ModelError) as error:
        load_backbone(str(folder), CPU)
    for part in parts:
        assert part in str(error.value)


@pytest.mark.parametrize(("package", "make", "part"), [
    ("peft", lambda folder: adapter(folder, base_model_name_or_path="some/model"),
     "adapter of the model 'some/model'"),
    ("gguf", lambda folder: as_gguf(folder, "model-q4.gguf"), "where the package 'gguf' is"),
])
def test_what_needs_a_package_says_so(package: str, make: Callable[[Path], None], part: str,
                                      saved: Saved, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = saved("bert")
    make(folder)
    found = importlib.util.find_spec
    monkeypatch.setattr("core.models.model_files.find_spec",
                        lambda name: None if name == package else found(name))
    with pytest.raises(ModelError, match=part):
        load_backbone(str(folder), CPU)


def test_weights_in_several_files_are_loaded(saved: Saved) -> None:
    folder = saved("bert")
    whole = logits(load_backbone(str(folder), CPU))
    torch.testing.assert_close(logits(load_backbone(str(sharded(folder)), CPU)), whole)


@pytest.mark.parametrize("several", [False, True])
def test_a_variant_of_the_weights_is_loaded(several: bool, saved: Saved) -> None:
    folder = saved("bert")
    whole = logits(load_backbone(str(folder), CPU))
    if several:
        sharded(folder, "fp16")
    else:
        os.rename(folder / "model.safetensors", folder / "model.fp16.safetensors")
    assert find_model(str(folder)).variant == "fp16"
    torch.testing.assert_close(logits(load_backbone(str(folder), CPU)), whole)


def test_an_adapter_is_loaded_onto_its_model(saved: Saved, tmp_path: Path) -> None:
    peft = pytest.importorskip("peft")
    base = load_backbone(str(saved("bert")), CPU)
    adapted = peft.get_peft_model(base.trainable_copy().model, peft.LoraConfig(
        r=2, target_modules=["query", "value"], base_model_name_or_path=base.name))
    with torch.no_grad():
        for name, weight in adapted.named_parameters():
            if "lora_B" in name:
                weight.normal_(generator=torch.Generator().manual_seed(0))
    adapted.eval().save_pretrained(tmp_path / "adapter")
    loaded = load_backbone(str(tmp_path / "adapter"), CPU)
    batch = collate(encode([PROMPT], base), base)
    types = {} if batch.type_ids is None else {"token_type_ids": batch.type_ids}
    theirs = adapted(input_ids=batch.ids, attention_mask=batch.attention, **types).logits
    torch.testing.assert_close(logits(loaded), theirs[batch.rows, batch.columns],
                               atol=1e-4, rtol=1e-4)
    assert not torch.allclose(logits(loaded), logits(base), atol=1e-2)
    assert loaded.name == str(tmp_path / "adapter")
