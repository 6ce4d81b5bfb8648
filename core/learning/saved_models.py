"""Reading back what a method has saved: a folder of weights with its `cloze.json` becomes a
predictor again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from core.errors import ModelError
from core.learning.classifier import HeadPredictor
from core.learning.demonstrations import Demonstrations
from core.learning.ensemble import EnsemblePredictor, member_folder
from core.learning.predictors import demonstrated_predictor, prompt_predictor
from core.learning.prompting import PromptPredictor
from core.models.backbone import Backbone
from core.models.loading import load_backbone
from core.models.placement import Placement
from core.prompts.pattern import Pattern
from core.prompts.pvp import PVP
from core.prompts.verbalizer import Verbalizer

SavedPredictor = PromptPredictor | HeadPredictor | EnsemblePredictor


def load_predictor(folder: Path, placement: Placement) -> SavedPredictor:
    """Load a saved predictor; it gives the probabilities that the run measured.

    Raises:
        ModelError: the folder holds no `cloze.json`, or one of an unknown kind, or no weights.
    """
    note = read_note(folder)
    if note.get("kind") == "ensemble":
        members = [_single(member_folder(folder, at), placement)
                   for at in range(int(note["members"]))]
        return EnsemblePredictor([each for each in members if isinstance(each, PromptPredictor)],
                                 note.get("weights"))
    return _single(folder, placement)


def _single(folder: Path, placement: Placement) -> PromptPredictor | HeadPredictor:
    note = read_note(folder)
    if note.get("kind") not in _READERS:
        raise ModelError(
            "A saved model of the kind {kind!r} cannot be loaded. Known kinds are {known}.",
                         kind=str(note.get("kind"))[:40], known=", ".join((*_READERS, "ensemble")))
    backbone = load_backbone(str(folder), placement, classifier=note["kind"] == "head")
    return _READERS[note["kind"]](note, replace(backbone, name=str(note["base"])))


def read_note(folder: Path) -> dict[str, Any]:
    """What `cloze.json` says of saved weights: kind, base, labels, pattern and words."""
    path = folder / "cloze.json"
    if not path.is_file():
        raise ModelError(
            "The folder of the saved model holds no {file}, so nothing says how to ask it. Train "
            "it again.", file="cloze.json")
    note: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return note


def _prompt(note: Mapping[str, Any], backbone: Backbone) -> PromptPredictor:
    words, labels = note["words"], note["labels"]
    pvp = PVP(Pattern.parse(note["pattern"], note.get("more", ())),
              Verbalizer.of(words, labels) if words else Verbalizer.without_words(labels))
    if "demonstrations" in note:
        shown = Demonstrations.of(note["demonstrations"])
        predictor: PromptPredictor = demonstrated_predictor(backbone, pvp, shown)
    else:
        predictor = prompt_predictor(backbone, pvp)
    predictor.shift = torch.tensor(note["shift"]) if "shift" in note else None
    return predictor


def _head(note: Mapping[str, Any], backbone: Backbone) -> HeadPredictor:
    return HeadPredictor(backbone, tuple(note["labels"]))


_READERS: dict[str, Callable[[Mapping[str, Any], Backbone], PromptPredictor | HeadPredictor]] = {
    "prompt": _prompt, "head": _head}
