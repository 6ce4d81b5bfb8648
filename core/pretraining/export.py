"""A trained model as it ships: half precision, safetensors, tokenizer, and the recipe that made it."""

from __future__ import annotations

import copy
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from core.models.backbone import Backbone
from core.pretraining.evaluation import HeldOut
from core.pretraining.recipe import Recipe


def export(backbone: Backbone, recipe: Recipe, step: int, found: HeldOut, folder: Path) -> None:
    """Write the model into `folder` in the hub's layout, with `pretraining.json`: recipe, tokens seen, quality."""
    half: Any = copy.deepcopy(backbone.model)
    half.to(device="cpu", dtype=torch.float16).save_pretrained(folder)
    backbone.tokenizer.save_pretrained(folder)
    note = {"recipe": asdict(recipe), "tokens_seen": step * recipe.rows * recipe.length, **found.as_dict()}
    (folder / "pretraining.json").write_text(json.dumps(note, indent=2) + "\n", encoding="utf-8")
