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
from core.learning.prefix_predictor import (
    PrefixClassifier,
    PrefixTextPredictor,
    for_prefix,
    load_prefix,
)
from core.learning.prompting import PromptPredictor
from core.learning.text_predictor import TextPredictor
from core.learning.text_to_text import TextToTextClassifier
from core.models.backbone import Backbone
from core.models.decoding import Decoding
from core.models.loading import load_backbone
from core.models.placement import Placement
from core.models.prefix import Prefix
from core.prompts.pattern import Pattern
from core.prompts.pvp import PVP
from core.prompts.verbalizer import Verbalizer

SavedPredictor = (PromptPredictor | HeadPredictor | EnsemblePredictor | TextPredictor
                  | TextToTextClassifier | PrefixClassifier)
_Single = PromptPredictor | HeadPredictor | TextPredictor | TextToTextClassifier
LoadBase = Callable[[str], Backbone]


def load_predictor(folder: Path, placement: Placement,
                   load_base: LoadBase | None = None) -> SavedPredictor:
    """Load a saved predictor; it answers as the run did.

    Args:
        load_base: loads a model by its name, for prefixes, which are stored without their model;
            without it the model is loaded anew.

    Raises:
        ModelError: the folder holds no `cloze.json`, or one of an unknown kind, or no weights.
    """
    note = read_note(folder)
    if note.get("kind") == "ensemble":
        members = [_single(member_folder(folder, at), placement)
                   for at in range(int(note["members"]))]
        return EnsemblePredictor([each for each in members if isinstance(each, PromptPredictor)],
                                 note.get("weights"))
    if str(note.get("kind")).startswith("prefix"):
        base = str(note["base"])
        backbone = load_base(base) if load_base else load_backbone(base, placement)
        return _with_prefix(note, backbone, load_prefix(folder))
    return _single(folder, placement)


def _with_prefix(note: Mapping[str, Any], backbone: Backbone, prefix: Prefix) -> SavedPredictor:
    prefix = prefix.to(backbone.placement.device)
    if note["kind"] == "prefix text":
        return PrefixTextPredictor(backbone, **_writing(note), prefix=prefix)
    return PrefixClassifier(_prompt(note, for_prefix(backbone, prefix.length)), prefix)


def _writing(note: Mapping[str, Any]) -> dict[str, Any]:
    """How a saved model is asked to write."""
    decoding = {**note["decoding"], "forbidden": tuple(note["decoding"]["forbidden"])}
    return {"pattern": Pattern.parse(note["pattern"], note["more"]),
            "decoding": Decoding(**decoding), "separator": note["separator"],
            "answers": note.get("answers", "text")}


def _text(note: Mapping[str, Any], backbone: Backbone) -> TextPredictor:
    return TextPredictor(backbone, **_writing(note))


def _text_to_text(note: Mapping[str, Any], backbone: Backbone) -> TextToTextClassifier:
    return TextToTextClassifier(_text(note, backbone), tuple(note["words"].items()),
                                writes=note["writes"])


def _single(folder: Path, placement: Placement) -> _Single:
    note = read_note(folder)
    if note.get("kind") not in _READERS:
        raise ModelError(
            "A saved model of the kind {kind!r} cannot be loaded. Known kinds are {known}.",
            kind=str(note.get("kind"))[:40],
            known=", ".join((*_READERS, "ensemble", "prefix text", "prefix prompt")))
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


_READERS: dict[str, Callable[[Mapping[str, Any], Backbone], _Single]] = {
    "prompt": _prompt, "head": _head, "text": _text, "text-to-text": _text_to_text}
