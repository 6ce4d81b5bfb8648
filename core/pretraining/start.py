"""The model that a training starts from: an encoder that exists already, with a new language-model head."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModel, AutoModelForMaskedLM, AutoTokenizer
from transformers.utils import logging

from core.errors import DownloadError, ModelError
from core.models.backbone import Backbone
from core.models.placement import Placement
from core.pretraining.recipe import Recipe
from core.randomness import stream_seed


def start_model(recipe: Recipe, placement: Placement) -> tuple[Backbone, list[str]]:
    """The backbone to train, in float32 and without dropout, and the names of its new weights.

    Raises:
        ModelError: `start` names no encoder of the BERT family that can be read.
        DownloadError: the hub did not answer.
    """
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    source = model_folder(recipe.start)
    try:
        tokenizer = AutoTokenizer.from_pretrained(source, trust_remote_code=False)
        config = AutoConfig.from_pretrained(source, trust_remote_code=False)
        encoder = AutoModel.from_pretrained(source, trust_remote_code=False, use_safetensors=True, dtype=torch.float32)
    except OSError as error:
        raise DownloadError("The model {name!r} is no installed package and no folder, and the hub did not give it.",
                            name=recipe.start) from error
    if config.model_type != "bert" or tokenizer.mask_token_id is None:
        raise ModelError("'start' names a model of type {kind!r}; masked training needs one of type 'bert'.",
                         kind=config.model_type)
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.0
    config.tie_word_embeddings = True
    torch.manual_seed(stream_seed(recipe.seed, "head"))
    model: Any = AutoModelForMaskedLM.from_config(config, dtype=torch.float32)  # type: ignore[no-untyped-call]
    missing, _ = model.base_model.load_state_dict(encoder.state_dict(), strict=False)
    if missing:
        raise ModelError("The encoder {name!r} lacks the weights {first}.", name=recipe.start, first=missing[0])
    new = [name for name, _ in model.named_parameters() if name.startswith("cls.")]
    backbone = Backbone(recipe.name, "masked", tokenizer, model.to(placement.device).train(), placement, 512)
    return backbone, new


def model_folder(start: str) -> str:
    """The folder of a model that an installed package carries under `model`; any other name is left as it is."""
    module = start.replace("-", "_")
    spec = importlib.util.find_spec(module) if re.fullmatch(r"[A-Za-z_]\w*", module) else None
    carried = Path(spec.origin).parent / "model" if spec is not None and spec.origin else None
    return str(carried) if carried is not None and (carried / "config.json").is_file() else start


def start_from_frequencies(backbone: Backbone, counts: torch.Tensor) -> None:
    """Let the head's bias be the log-frequency of each token (`counts`, `[V]`): what can be known without reading."""
    model: Any = backbone.model
    with torch.no_grad():
        model.cls.predictions.decoder.bias.copy_(((counts + 1) / (counts.sum() + len(counts))).log())
