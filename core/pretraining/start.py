"""The model that a training starts from: one that exists already, or a new one with a tokenizer of its own."""

from __future__ import annotations

import copy
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedTokenizerBase
from transformers.utils import logging

from core.errors import DownloadError, ModelError
from core.models.activations import fuse_gelu
from core.models.backbone import FAMILIES, Backbone, load_backbone, model_class
from core.models.carried import model_folder
from core.models.placement import Placement
from core.pretraining.corpus import read_texts
from core.pretraining.objectives import OBJECTIVES
from core.pretraining.recipe import Recipe
from core.pretraining.tokenizers import make_tokenizer
from core.randomness import stream_seed

_TEXTS_FOR_TOKENIZER = 20_000  # of each source
_WORD_STARTS = ("\N{LOWER ONE EIGHTH BLOCK}", "\N{LATIN CAPITAL LETTER G WITH DOT ABOVE}")  # SentencePiece, bytes


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
    fuse_gelu(model)
    if placement.device.startswith("cuda"):
        compile_layers(model)
    return backbone, new


def compile_layers(model: torch.nn.Module, backend: str = "inductor") -> int:
    """Have torch fuse the steps of each layer when it is first used; return how many parts there are.

    Layers are alike, so that little is compiled; of BERT's, whose tokens are packed, the parts that work on them.
    """
    lists = [each for each in model.modules() if isinstance(each, torch.nn.ModuleList)]
    innermost = [each for each in lists if not any(inner is not each and inner in lists for inner in each.modules())]
    layers: list[Any] = [layer for each in innermost for layer in each]
    parts = [part for layer in layers for part in (
        (layer.attention.output, layer.intermediate, layer.output) if hasattr(layer, "intermediate") else (layer,))]
    for part in parts:
        part.compile(backend=backend)
    return len(parts)


def start_from_frequencies(backbone: Backbone, counts: torch.Tensor) -> None:
    """Let the head's bias be the log-frequency of each token (`counts`, `[V]`): what can be known without reading."""
    model: Any = backbone.model
    with torch.no_grad():
        model.cls.predictions.decoder.bias.copy_(((counts + 1) / (counts.sum() + len(counts))).log())


def _from_encoder(recipe: Recipe, placement: Placement) -> tuple[Backbone, list[str]]:
    """An encoder of the BERT family with a new language-model head, its output tied to the embedding."""
    tokenizer, encoder = _encoder(recipe.start)
    config = copy.deepcopy(encoder.config)
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


def _encoder(name: str) -> tuple[PreTrainedTokenizerBase, Any]:
    source = model_folder(name)
    try:
        return (AutoTokenizer.from_pretrained(source, trust_remote_code=False),
                AutoModel.from_pretrained(source, trust_remote_code=False, use_safetensors=True, dtype=torch.float32))
    except (OSError, ValueError) as error:  # a name that the hub cannot have is a ValueError
        raise DownloadError("The model {name!r} is no installed package and no folder, and the hub did not give it.",
                            name=name) from error


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
    if recipe.embeddings:
        take_embeddings(model, tokenizer, recipe.embeddings)
    embedded = {weight for part in (model.get_input_embeddings(), model.get_output_embeddings())
                for weight in part.parameters()}
    return (Backbone(recipe.name, family, tokenizer, model, placement, recipe.length),
            [name for name, weight in model.named_parameters() if weight in embedded])


def take_embeddings(model: Any, tokenizer: PreTrainedTokenizerBase, name: str) -> None:
    """Begin with what another model knows of words: each token gets the mean embedding of its pieces there.

    The result is centred, and scaled to the spread that the new model's embeddings had by chance.

    Raises:
        DownloadError: there is no such model.
        ModelError: its embeddings are of another width.
    """
    known, encoder = _encoder(name)
    source, own = encoder.get_input_embeddings().weight.detach(), model.get_input_embeddings().weight
    if source.shape[1] != own.shape[1]:
        raise ModelError("The embeddings of {name!r} have {there} dimensions; the new model's have {here}.", name=name,
                         there=source.shape[1], here=own.shape[1])
    vocabulary = known.get_vocab()
    means = torch.stack([source[_pieces(token, text, known, vocabulary)].mean(0)
                         for token, text in _token_texts(tokenizer)])
    centred = means - means.mean(0)
    with torch.no_grad():
        own[: len(centred)] = centred / centred.std() * own.std()


def _token_texts(tokenizer: PreTrainedTokenizerBase) -> list[tuple[str, str]]:
    """Every token as it is written in the vocabulary, and the text it stands for."""
    ids = list(range(len(tokenizer)))
    return list(zip(tokenizer.convert_ids_to_tokens(ids), (str(tokenizer.decode([each])) for each in ids), strict=True))


def _pieces(token: str, text: str, known: PreTrainedTokenizerBase, vocabulary: dict[str, int]) -> list[int]:
    """The pieces in a WordPiece vocabulary for a token; one that goes on a word is sought among those that do."""
    inside = f"##{text.lower()}"
    if not token.startswith(_WORD_STARTS) and inside in vocabulary:
        return [vocabulary[inside]]
    found: list[int] = known(text.strip(), add_special_tokens=False)["input_ids"] if text.strip() else []
    return found or [int(known.unk_token_id)]


def _tokenizer(recipe: Recipe, corpora: Path, folder: Path) -> PreTrainedTokenizerBase:
    if not (folder / "tokenizer.json").is_file():
        texts = (text for source in recipe.corpora
                 for text in islice(read_texts(corpora / source.file), _TEXTS_FOR_TOKENIZER))
        made = make_tokenizer(OBJECTIVES[recipe.objective].family, texts, recipe.vocabulary, recipe.length)
        made.save_pretrained(folder)
    kept: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    return kept
