"""Whether a model that has just been loaded can be trusted: checked before anything is measured.

Its weights must be numbers, its tokens must have rows in its embedding, and its answers to a few
trial prompts must be those of transformers' own forward pass, whatever stands beside them in a
batch. Masked models must read what follows the mask, causal ones must not.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle, islice
from typing import Any

import torch

from core.errors import ModelError
from core.models.backbone import Backbone
from core.models.batches import collate
from core.models.encoding import Encoded, mask_ids
from core.models.scoring import answer_features, answer_logits
from core.models.shared_start import SharedStart
from core.models.shared_tree import SharedTree

_FAILURES = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
_PLACE = 3  # of the answer in trial prompts
_SHORT, _LONG = 6, 24  # tokens of trial prompts
_EXACT, _ROUNDED = 1e-3, 5e-2  # largest difference, relative to the largest logit


def check_classifier(backbone: Backbone) -> None:
    """Check the weights of a sequence classifier.

    Raises:
        ModelError: some are no numbers.
    """
    _check_weights(backbone)


@torch.inference_mode()
def check_language_model(backbone: Backbone) -> Backbone:
    """Check a language model; return it with what was found out about it.

    Raises:
        ModelError: weights are no numbers; a token that every prompt needs is missing; or the model
            does not answer as its family must.
    """
    _check_weights(backbone)
    _check_tokens(backbone)
    try:
        _check_answers(backbone)
        return replace(backbone, shares_start=_can_share_start(backbone))
    except _FAILURES as error:
        raise ModelError(
            "The model {model!r} (type {kind!r}) cannot answer a trial prompt: {why}. It cannot be "
            "used here; choose another one.", model=backbone.name,
            kind=backbone.model.config.model_type, why=_first_line(error)) from error


def _check_weights(backbone: Backbone) -> None:
    for name, weight in backbone.model.named_parameters():
        # The sum is a quick test; it may also overflow.
        if not weight.sum().isfinite() and not weight.isfinite().all():
            raise ModelError(
                "The weights of {model!r} hold NaN or infinity instead of numbers, in {name!r}. "
                "Save or download the model again.", model=backbone.name, name=name)


def _check_tokens(backbone: Backbone) -> None:
    """Check the tokens that stand in the answer's place and that the decoder begins with."""
    if backbone.family == "causal":
        return
    if backbone.family == "seq2seq":
        _find_decoder_start(backbone)
    ids = mask_ids(0, backbone)
    if not ids or ids[0] in (None, backbone.tokenizer.unk_token_id):
        raise ModelError(
            "The tokenizer of {name!r} has no mask token (nor T5's <extra_id_0>), so the model "
            "cannot be asked for an answer.", name=backbone.name)
    if ids[0] >= backbone.vocabulary_size:
        raise ModelError(
            "The mask token of {name!r} has the id {id}, but the model's embedding has only "
            "{rows} rows: tokenizer and weights do not belong together.",
            name=backbone.name, id=ids[0], rows=backbone.vocabulary_size)


def _find_decoder_start(backbone: Backbone) -> None:
    """Take the decoder's first token from the tokenizer's language if the model names none."""
    config: Any = backbone.model.config
    if getattr(config, "decoder_start_token_id", None) is not None:
        return
    generation = getattr(backbone.model, "generation_config", None)
    start = getattr(generation, "decoder_start_token_id", None)
    config.decoder_start_token_id = _language_id(backbone) if start is None else start
    if config.decoder_start_token_id is None:
        raise ModelError(
            "The config.json of {name!r} names no decoder_start_token_id, the token that the "
            "decoder begins with, and its tokenizer has no language code. Add it there (for BART "
            "it is the id of </s>).", name=backbone.name)


def _language_id(backbone: Backbone) -> int | None:
    """The id of the language code of a multilingual tokenizer (mBART), if it has one."""
    tokenizer: Any = backbone.tokenizer
    code = getattr(tokenizer, "src_lang", None)
    number = tokenizer.convert_tokens_to_ids(code) if code else None
    return None if number in (None, tokenizer.unk_token_id) else int(number)


def _check_answers(backbone: Backbone) -> None:
    trials = [_trial(backbone, _SHORT), _trial(backbone, _LONG)]
    plain = torch.stack([_plain_logits(backbone, trial) for trial in trials])  # [2, V]
    together = answer_logits(backbone, collate(trials, backbone)).to(plain.device)
    if not _alike(backbone, together, plain):
        alone = [answer_logits(backbone, collate([trial], backbone)) for trial in trials]
        if _alike(backbone, torch.cat(alone), plain):
            raise _refused(
                "The answers of {model!r} (type {kind!r}) change when a longer text stands beside "
                "them in a batch: it does not tell padding from text. Choose another model.",
                backbone)
        raise _refused(
            "The language-model head of {model!r} (type {kind!r}) has a form that cannot be read "
            "here. Choose another model.", backbone)
    _check_direction(backbone, trials[0])


def _check_direction(backbone: Backbone, trial: Encoded) -> None:
    """Check that another token after the answer's place matters, or not, as the family has it."""
    ids = list(trial.ids)
    ids[_PLACE + 2] = _ordinary_ids(backbone, _SHORT + 1)[-1]
    before, after = (answer_logits(backbone, collate([each], backbone))
                     for each in (trial, replace(trial, ids=ids)))  # [1, V]
    if backbone.family == "causal" and not _alike(backbone, after, before):
        raise _refused(
            "The model {model!r} (type {kind!r}) was loaded as a causal one, but its answers "
            "depend on what follows them. Choose another model.", backbone)
    if backbone.family != "causal" and torch.equal(after, before):
        raise _refused(
            "The model {model!r} (type {kind!r}) was loaded as one that reads both sides of the "
            "mask, but it does not see what follows it. Choose another model.", backbone)


def _can_share_start(backbone: Backbone) -> bool:
    """Whether a causal model gives equal answers if the states of a common beginning are kept."""
    if backbone.family != "causal":
        return False
    ids = _ordinary_ids(backbone, _LONG)
    trials = [Encoded([*ids, *end], [0] * _LONG, [0] * _LONG, [_LONG + len(end) - 1])
              for end in (ids[:2], ids[2:5])]
    plain = answer_features(backbone, collate(trials, backbone))  # [2, H]
    try:
        start = SharedStart.of(replace(backbone, shares_start=True), trials)
        return start is not None and _alike(backbone, start.answer_features(trials), plain)
    except _FAILURES:
        return False  # the type keeps no keys and values, or keeps them in a form of its own


@torch.inference_mode()
def can_grow(backbone: Backbone) -> bool:
    """Whether a model is causal and answers after the paths of a tree as it does after whole texts.

    Types that heed neither the positions nor the attention mask that they are given do not.
    """
    if backbone.family != "causal":
        return False
    ids = _ordinary_ids(backbone, _SHORT)
    texts, asides, ends = [ids, ids[2:]], torch.tensor(ids[:4]).view(2, 2), torch.tensor(ids[4:6])
    try:
        tree = SharedTree(backbone, texts)
        tree.step([0, 0], asides)
        grown = tree.step([1], ends[None])[0]  # [2, H]
        alone = torch.cat([
            SharedTree(backbone, [[*text, int(aside), int(end)]]).features[0]
            for text, aside, end in zip(texts, asides[1], ends, strict=True)])  # [2, H]
        return _alike(backbone, grown, alone)
    except _FAILURES:
        return False


def _trial(backbone: Backbone, length: int) -> Encoded:
    """Some tokens that are not special, with an answer asked for among them."""
    ids = _ordinary_ids(backbone, length)
    ids[_PLACE] = (mask_ids(0, backbone) or [ids[_PLACE]])[0]
    return Encoded(ids, [0] * length, [0] * length, [_PLACE])


def _ordinary_ids(backbone: Backbone, count: int) -> list[int]:
    """The last `count` tokens that are not special and have a row, again from there if need be."""
    special = set(backbone.tokenizer.all_special_ids)
    known = min(len(backbone.tokenizer), backbone.vocabulary_size)
    ordinary = [token for token in range(known) if token not in special]
    return list(islice(cycle(reversed(ordinary)), count))


def _plain_logits(backbone: Backbone, trial: Encoded) -> torch.Tensor:
    """Logits of the answer, `[V]`, from transformers' own forward pass, with nothing padded."""
    batch = collate([trial], backbone)
    more: dict[str, Any] = {} if batch.type_ids is None else {"token_type_ids": batch.type_ids}
    place = batch.columns[0]
    if batch.decoder_ids is not None and batch.decoder_columns is not None:
        more["decoder_input_ids"], place = batch.decoder_ids, batch.decoder_columns[0]
    model: Any = backbone.model
    with backbone.placement.autocast():
        return model(input_ids=batch.ids, **more).logits[0, place].float()  # type: ignore[no-any-return]


def _alike(backbone: Backbone, ours: torch.Tensor, theirs: torch.Tensor) -> bool:
    exact = backbone.placement.precision == "float32"
    largest = float((ours - theirs).abs().max())
    return largest <= (_EXACT if exact else _ROUNDED) * max(1.0, float(theirs.abs().max()))


def _refused(template: str, backbone: Backbone) -> ModelError:
    return ModelError(template, model=backbone.name, kind=backbone.model.config.model_type)


def _first_line(error: Exception) -> str:
    return (str(error).strip().split("\n")[0][:200] or type(error).__name__).rstrip(".")
