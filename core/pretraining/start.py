"""The model that a training starts from: an existing one, or a new one with a new tokenizer."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedTokenizerBase
from transformers.utils import logging

from core.errors import DownloadError, ModelError
from core.models.activations import fuse_gelu
from core.models.backbone import Backbone
from core.models.carried import model_folder
from core.models.families import Family, family_of_type, model_class
from core.models.loading import load_backbone
from core.models.placement import Placement
from core.pretraining.corpus import read_texts
from core.pretraining.objectives import OBJECTIVES
from core.pretraining.recipe import Recipe
from core.pretraining.tokenizers import make_tokenizer
from core.randomness import stream_seed

_TEXTS_FOR_TOKENIZER = 20_000  # of each source
_WORD_STARTS = (
    "\N{LOWER ONE EIGHTH BLOCK}",  # SentencePiece
    "\N{LATIN CAPITAL LETTER G WITH DOT ABOVE}",  # byte-level
)


def start_model(recipe: Recipe, corpora: Path, tokenizer_folder: Path,
                placement: Placement) -> tuple[Backbone, list[str]]:
    """The backbone to train, in float32, and the names of the weights that begin at random.

    A new tokenizer is made once and kept in `tokenizer_folder`.

    Raises:
        ModelError: the model is not of the family that the objective trains, or cannot be read.
        DownloadError: the hub did not answer.
        DataError: the texts that a tokenizer should be made of cannot be read.
    """
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    torch.manual_seed(stream_seed(recipe.seed, "weights"))
    if not recipe.start:
        backbone, new = _new_model(recipe, corpora, tokenizer_folder, placement)
    elif recipe.objective == "masked":
        backbone, new = _with_new_head(recipe, placement)
    else:
        backbone, new = load_backbone(model_folder(recipe.start), placement), []
    _check_family(backbone, recipe.objective)
    model: Any = backbone.model
    model.to(placement.device).train().requires_grad_(True)
    fuse_gelu(model)
    if placement.device.startswith("cuda"):
        compile_layers(model)
    return backbone, new


def _check_family(backbone: Backbone, objective: str) -> None:
    wanted = OBJECTIVES[objective].family
    if backbone.family != wanted:
        raise ModelError(
            "The objective {objective!r} trains {wanted} models; this one is {family}.",
            objective=objective, wanted=wanted, family=backbone.family)


def compile_layers(model: torch.nn.Module, backend: str = "inductor") -> int:
    """Have torch fuse the steps of each layer when it is first used; return how many parts.

    Layers are alike, so little is compiled. Of BERT's layers, whose tokens are packed, it is the
    parts that work on single tokens.
    """
    parts = [part for layer in _layers(model) for part in _compilable(layer)]
    for part in parts:
        part.compile(backend=backend)
    return len(parts)


def _layers(model: torch.nn.Module) -> list[Any]:
    """The members of the module lists that hold no other module list."""
    lists = [module for module in model.modules() if isinstance(module, torch.nn.ModuleList)]
    return [layer for layers in lists
            if not any(inner is not layers and inner in lists for inner in layers.modules())
            for layer in layers]


def _compilable(layer: Any) -> tuple[Any, ...]:
    if hasattr(layer, "intermediate"):
        return layer.attention.output, layer.intermediate, layer.output
    return (layer,)


def start_from_frequencies(backbone: Backbone, counts: torch.Tensor) -> None:
    """Set the head's bias, `[V]`, to each token's log-frequency (`counts`, `[V]`, plus one).

    It is what can be predicted without looking at the context.
    """
    frequencies = (counts + 1) / (counts.sum() + len(counts))
    model: Any = backbone.model
    with torch.no_grad():
        model.cls.predictions.decoder.bias.copy_(frequencies.log())


def _with_new_head(recipe: Recipe, placement: Placement) -> tuple[Backbone, list[str]]:
    """A BERT encoder with a new language-model head, whose output is tied to the embedding."""
    tokenizer, encoder = _load_encoder(recipe.start)
    config = copy.deepcopy(encoder.config)
    if config.model_type != "bert" or tokenizer.mask_token_id is None:
        raise ModelError(
            "'start' names a model of type {kind!r}; masked training needs one of type 'bert'.",
            kind=config.model_type)
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.0
    config.tie_word_embeddings = True
    model: Any = model_class("masked").from_config(config, dtype=torch.float32)
    missing, _ = model.base_model.load_state_dict(encoder.state_dict(), strict=False)
    if missing:
        raise ModelError("The encoder {name!r} lacks the weights {first}.",
                         name=recipe.start, first=missing[0])
    new = [name for name, _ in model.named_parameters() if name.startswith("cls.")]
    length = int(config.max_position_embeddings)
    return Backbone(recipe.name, "masked", tokenizer, model, placement, length), new


def _load_encoder(name: str) -> tuple[PreTrainedTokenizerBase, Any]:
    source = model_folder(name)
    try:
        tokenizer = AutoTokenizer.from_pretrained(source, trust_remote_code=False)
        encoder = AutoModel.from_pretrained(
            source, trust_remote_code=False, use_safetensors=True, dtype=torch.float32)
    except (OSError, ValueError) as error:  # a name that the hub cannot have is a ValueError
        raise DownloadError("The model {name!r} is no installed package and no folder, "
                            "and the hub did not give it.", name=name) from error
    return tokenizer, encoder


def _new_model(recipe: Recipe, corpora: Path, folder: Path,
               placement: Placement) -> tuple[Backbone, list[str]]:
    settings = dict(recipe.model)
    kind = str(settings.pop("type", ""))
    family = family_of_type(kind)
    if family not in ("seq2seq", "causal"):
        raise ModelError("A new model is of type 't5' or 'gpt2', not {kind!r}. Give it as {form}.",
                         kind=kind, form="model: {type: gpt2, …}")
    tokenizer = _tokenizer(recipe, corpora, folder)
    model = _random_model(kind, family, tokenizer, settings)
    if recipe.embeddings:
        take_embeddings(model, tokenizer, recipe.embeddings)
    backbone = Backbone(recipe.name, family, tokenizer, model, placement, recipe.length)
    parts = (model.get_input_embeddings(), model.get_output_embeddings())
    embedded = {weight for part in parts for weight in part.parameters()}
    return backbone, [name for name, weight in model.named_parameters() if weight in embedded]


def _random_model(kind: str, family: Family, tokenizer: PreTrainedTokenizerBase,
                  settings: dict[str, Any]) -> Any:
    """A model of the type `kind` with the configuration `settings` and weights left to chance."""
    roles = ("pad", "eos", "bos")
    ids = {f"{role}_token_id": getattr(tokenizer, f"{role}_token_id") for role in roles}
    if family == "seq2seq":
        ids["decoder_start_token_id"] = tokenizer.pad_token_id
    try:
        config = AutoConfig.for_model(kind, **{"vocab_size": len(tokenizer), **ids, **settings})
        return model_class(family).from_config(config, dtype=torch.float32)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ModelError("The configuration under 'model' cannot be used: {why}",
                         why=str(error).strip().split("\n")[0][:200]) from error


def take_embeddings(model: Any, tokenizer: PreTrainedTokenizerBase, name: str) -> None:
    """Begin with another model's word embeddings: each token gets the mean of its pieces there.

    The result is centred, and scaled to the spread that the new model's embeddings had by chance.

    Raises:
        DownloadError: there is no such model.
        ModelError: its embeddings are of another width.
    """
    known, encoder = _load_encoder(name)
    source = encoder.get_input_embeddings().weight.detach()  # [U, H]
    own = model.get_input_embeddings().weight  # [V, H]
    if source.shape[1] != own.shape[1]:
        raise ModelError(
            "The embeddings of {name!r} have {there} dimensions; the new model's have {here}.",
            name=name, there=source.shape[1], here=own.shape[1])
    means = torch.stack([source[pieces].mean(0) for pieces in _all_pieces(tokenizer, known)])
    centred = means - means.mean(0)  # [≤ V, H]
    with torch.no_grad():
        own[: len(centred)] = centred / centred.std() * own.std()


def _all_pieces(tokenizer: PreTrainedTokenizerBase,
                known: PreTrainedTokenizerBase) -> Iterator[list[int]]:
    """The pieces in the vocabulary of `known` for every token of the tokenizer."""
    vocabulary = known.get_vocab()
    for number, token in enumerate(tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))):
        yield _pieces(token, str(tokenizer.decode([number])), known, vocabulary)


def _pieces(token: str, text: str, known: PreTrainedTokenizerBase,
            vocabulary: dict[str, int]) -> list[int]:
    """The pieces in a WordPiece vocabulary for a token; first `##` ones if it starts no word."""
    inside = f"##{text.lower()}"
    if not token.startswith(_WORD_STARTS) and inside in vocabulary:
        return [vocabulary[inside]]
    if not text.strip():
        return [int(known.unk_token_id)]
    found: list[int] = known(text.strip(), add_special_tokens=False)["input_ids"]
    return found or [int(known.unk_token_id)]


def _tokenizer(recipe: Recipe, corpora: Path, folder: Path) -> PreTrainedTokenizerBase:
    """The tokenizer kept in `folder`, made from the corpora if there is none yet."""
    if not (folder / "tokenizer.json").is_file():
        texts = (text for source in recipe.corpora
                 for text in islice(read_texts(corpora / source.file), _TEXTS_FOR_TOKENIZER))
        family = OBJECTIVES[recipe.objective].family
        made = make_tokenizer(family, texts, recipe.vocabulary, recipe.length)
        made.save_pretrained(folder)
    kept: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    return kept
