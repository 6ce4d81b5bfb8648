"""A trained model in the hub's layout: half precision, safetensors, tokenizer and its recipe."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from core.models.backbone import Backbone
from core.pretraining.recipe import Recipe


def export(backbone: Backbone, recipe: Recipe, step: int, quality: Mapping[str, float],
           folder: Path) -> None:
    """Write the model into `folder` in the hub's layout.

    `pretraining.json` beside it holds the recipe, the number of tokens seen and the quality.
    """
    half: Any = copy.deepcopy(backbone.model)
    half.to(device="cpu", dtype=torch.float16).save_pretrained(folder)
    for path in folder.glob("*.safetensors"):
        path.chmod(0o644)  # written for the owner alone
    backbone.tokenizer.save_pretrained(folder)
    tokens_seen = step * recipe.rows * recipe.length
    note = {"recipe": asdict(recipe), "tokens_seen": tokens_seen, **quality}
    text = json.dumps(note, indent=2) + "\n"
    (folder / "pretraining.json").write_text(text, encoding="utf-8")
