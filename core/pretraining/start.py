"""The model that a training starts from: one that exists already, or a new one with a tokenizer of its own."""

from __future__ import annotations

import importlib.util
import re
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedTokenizerBase
from transformers.utils import logging

from core.errors import DownloadError, ModelError
from core.models.backbone import FAMILIES, Backbone, load_backbone, model_class
from core.models.placement import Placement
from core.pretraining.corpus import read_texts
from core.pretraining.objectives import OBJECTIVES
from core.pretraining.recipe import Recipe
from core.pretraining.tokenizers import make_tokenizer
from core.randomness import stream_seed

_TEXTS_FOR_TOKENIZER = 200_000  # of each source


def start_model(recipe: Recipe, corpora: Path, tokenizer_folder: Path, placement: Placement
                ) -> tuple[Backbone, list[str]]:
    """The backbone to train, in float32, and the names of the weights that are new beside trained ones.

    A new tokenizer is made once and kept in `tokenizer_folder`.

    Raises:
        ModelError: the model is not of the family that the objective trains, or cannot be read.
        DownloadError: the hub did not answer.
        DataError: the texts that a tokenizer should be made of cannot be read.
    """
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    torch.manual_seed(stream_seed(recipe.seed, "weights"))
    if not recipe.start:
        backbone, new = _from_nothing(recipe, corpora, tokenizer_folder, placement)
    elif recipe.objective == "masked":
        backbone, new = _from_encoder(recipe, placement)
    else:
        backbone, new = load_backbone(model_folder(recipe.start), placement), []
    wanted = OBJECTIVES[recipe.objective].family
    if backbone.family != wanted:
        raise ModelError("The objective {objective!r} trains {wanted} models; this one is {family}.",
                         objective=recipe.objective, wanted=wanted, family=backbone.family)
    model: Any = backbone.model
    model.to(placement.device).train().requires_grad_(True)
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


def _from_encoder(recipe: Recipe, placement: Placement) -> tuple[Backbone, list[str]]:
    """An encoder of the BERT family with a new language-model head, its output tied to the embedding."""
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
    model: Any = model_class("masked").from_config(config, dtype=torch.float32)
    missing, _ = model.base_model.load_state_dict(encoder.state_dict(), strict=False)
    if missing:
        raise ModelError("The encoder {name!r} lacks the weights {first}.", name=recipe.start, first=missing[0])
    new = [name for name, _ in model.named_parameters() if name.startswith("cls.")]
    return Backbone(recipe.name, "masked", tokenizer, model, placement, int(config.max_position_embeddings)), new


def _from_nothing(recipe: Recipe, corpora: Path, folder: Path, placement: Placement) -> tuple[Backbone, list[str]]:
    settings = dict(recipe.model)
    kind = str(settings.pop("type", ""))
    family = FAMILIES.get(kind)
    if family not in ("seq2seq", "causal"):
        raise ModelError("A new model is of type 't5' or 'gpt2', not {kind!r}. Give it as {form}.", kind=kind,
                         form="model: {type: gpt2, …}")
    tokenizer = _tokenizer(recipe, corpora, folder)
    ids = {"pad_token_id": tokenizer.pad_token_id, "eos_token_id": tokenizer.eos_token_id,
           "bos_token_id": tokenizer.bos_token_id,
           **({"decoder_start_token_id": tokenizer.pad_token_id} if family == "seq2seq" else {})}
    try:
        config = AutoConfig.for_model(kind, **{"vocab_size": len(tokenizer), **ids, **settings})
        model: Any = model_class(family).from_config(config, dtype=torch.float32)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ModelError("The configuration under 'model' cannot be used: {why}",
                         why=str(error).strip().split("\n")[0][:200]) from error
    return Backbone(recipe.name, family, tokenizer, model, placement, recipe.length), []


def _tokenizer(recipe: Recipe, corpora: Path, folder: Path) -> PreTrainedTokenizerBase:
    if not (folder / "tokenizer.json").is_file():
        texts = (text for source in recipe.corpora
                 for text in islice(read_texts(corpora / source.file), _TEXTS_FOR_TOKENIZER))
        made = make_tokenizer(OBJECTIVES[recipe.objective].family, texts, recipe.vocabulary, recipe.length)
        made.save_pretrained(folder)
    kept: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    return kept
