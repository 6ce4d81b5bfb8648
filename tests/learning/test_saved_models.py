"""What was saved is read back and answers alike."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.data.task import Example, classification
from core.errors import ModelError
from core.learning.prompting import PromptPredictor
from core.learning.saved_models import load_predictor
from core.methods.head import HeadPredictor, with_head
from core.models.backbone import Backbone
from core.models.placement import Placement
from core.prompts.pvp import PVP

CPU = Placement("cpu", "float32")
LABELS = ("bad", "good")
EXAMPLES = [Example("The film was great!"), Example("No, it is a terrible story."),
            Example("bread " * 200)]


def prompt_predictor(backbone: Backbone) -> PromptPredictor:
    return PromptPredictor(backbone,
                           PVP.of("{text_a} It was {mask}.", {"bad": ["terrible", "no"],
                                                              "good": "great"},
                                            classification(*LABELS)))


@pytest.mark.parametrize("kind", ["bert", "roberta", "t5", "gpt2"])
@pytest.mark.parametrize("form", ["prompt", "head"])
def test_a_loaded_predictor_answers_alike(form: str, kind: str, tiny: Callable[[str], Backbone],
                                          tmp_path: Path) -> None:
    predictor = prompt_predictor(tiny(kind)) if form == "prompt" else HeadPredictor(
        with_head(tiny(kind), LABELS, seed=3), LABELS)
    predictor.save(tmp_path)
    loaded = load_predictor(tmp_path, CPU)
    assert np.abs(np.exp(loaded.log_probs(EXAMPLES))
                  - np.exp(predictor.log_probs(EXAMPLES))).max() < 1e-6
    assert loaded.backbone.name == tiny(kind).name


def test_a_calibrated_predictor_stays_calibrated(tiny: Callable[[str], Backbone],
                                                 tmp_path: Path) -> None:
    predictor = prompt_predictor(tiny("bert"))
    predictor.calibrate(EXAMPLES)
    predictor.save(tmp_path)
    assert load_predictor(tmp_path,
                          CPU).log_probs(
                              EXAMPLES) == pytest.approx(predictor.log_probs(EXAMPLES), abs=1e-6)


@pytest.mark.parametrize(("note", "told"), [
    (None, "holds no cloze.json"), ('{"kind": "magic"}', "kind 'magic' cannot be loaded"),
    ("{}", "kind 'None' cannot be loaded"),
])
def test_what_cannot_be_read_back_is_said(note: str | None, told: str, tmp_path: Path) -> None:
    if note is not None:
        (tmp_path / "cloze.json").write_text(note)
    with pytest.raises(ModelError, match=told):
        load_predictor(tmp_path, CPU)
