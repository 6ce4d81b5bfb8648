"""How to use saved weights with transformers alone: the README that travels with a downloaded
model.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.data.task import Example
from core.learning.classifier import HeadPredictor
from core.learning.demonstrations import DemonstratedPredictor
from core.learning.ensemble import EnsemblePredictor, member_folder
from core.learning.prompting import PromptPredictor
from core.learning.saved_models import SavedPredictor
from core.models.backbone import Backbone
from core.models.encoding import Encoded, encode
from core.models.pieces import single_ids, word_ids
from core.prompts.pattern import Segment

_TEXTS = {"text_a": "A text to label.", "text_b": "Its second text."}
_CHANGED = {  # the pattern's modifiers, as Python writes them
    "strip_punctuation": "{0}.rstrip(string.punctuation + '。，！？；：、… ')",
    "drop_last": "{0}[:-1]",
    "lower_first": "{0}[:1].lower() + {0}[1:]",
    "upper_first": "{0}[:1].upper() + {0}[1:]",
}
_FAMILIES = {"masked": "MaskedLM", "seq2seq": "Seq2SeqLM", "causal": "CausalLM"}
_README = """# {title}

{what} Its labels are {labels}. The base model is `{base}`.

Unpack the archive, start Python in its folder, and ask:

```python
{code}
```

Beside the weights (`model.safetensors`) lie the tokenizer and `cloze.json`, which says what the
model was trained to answer. Cut texts that do not fit into {length} tokens.
"""
_CHOOSING = (
    "A language model that fills the answers which come with each example into its pattern, token "
    "by token: their probabilities over each other are those of the labels.")
_PROMPT = ("A language model that answers through a pattern: its label words' probabilities are "
           "those of the labels.")
_DEMONSTRATED = (
    " It was trained with demonstrations beside the question: the code shows one draw of them, "
    "where Cloze Lab averages over {contexts}.")
_ENSEMBLE = (
    "{count} language models, each in a folder `member-…` of its own, that answer through "
    "patterns of their own; the mean of their log-probabilities counts.")
_HEAD = "A text classifier for transformers' `text-classification` pipeline."


def readme(predictor: SavedPredictor, pairs: bool, title: str) -> str:
    """A README with the Python that gives the predictor's label probabilities without Cloze Lab.

    Args:
        pairs: whether the model was trained on pairs of texts.
    """
    if isinstance(predictor, EnsemblePredictor):
        what, labels, code = _ENSEMBLE.format(
            count=len(predictor.members)), predictor.labels, ensemble_code(predictor)
    elif isinstance(predictor, PromptPredictor):
        what = _PROMPT if predictor.pvp.verbalizer.has_words else _CHOOSING
        labels, code = predictor.pvp.verbalizer.labels, prompt_code(predictor)
        if isinstance(predictor, DemonstratedPredictor):
            what += _DEMONSTRATED.format(contexts=predictor.demonstrations.contexts)
    else:
        what, labels, code = _HEAD, predictor.labels, head_code(predictor, pairs)
    backbone = predictor.backbone
    return _README.format(title=title, what=what,
                          labels=", ".join(f"`{label}`" for label in labels), code=code,
                          base=backbone.name, length=backbone.max_length)


def head_code(predictor: HeadPredictor, pairs: bool) -> str:
    """Python that asks a saved classifier, with special tokens spelled out where needed."""
    fields = list(_TEXTS)[: 2 if pairs else 1]
    texts = [_TEXTS[field] for field in fields]
    encoded = predictor.encode([Example(texts[0], texts[1] if pairs else "")])[0]
    own = predictor.backbone.tokenizer(*texts)
    begin, *ends = _specials(encoded, ["cls", *["text", "sep"] * len(texts)],
                             predictor.backbone)[::2]
    asked = list(fields)
    if own["input_ids"] != encoded.ids or own.get("token_type_ids",
                                                  encoded.type_ids) != encoded.type_ids:
        asked = [f"{field} + {end!r}" if end else field for field,
                 end in zip(fields, ends, strict=True)]
        asked[0] = f"{begin!r} + {asked[0]}" if begin else asked[0]
    more = "" if asked == fields else ", add_special_tokens=False"
    if pairs and _typed(predictor.backbone) and "token_type_ids" not in own:
        more += ", return_token_type_ids=True"
    inputs = f'{{"text": {asked[0]}, "text_pair": {asked[1]}}}' if pairs else asked[0]
    return "\n".join(["from transformers import pipeline", "",
                      'classify = pipeline("text-classification", model=".", top_k=None)',
                      *_given(fields), f"print(classify({inputs}, truncation=True{more}))"])


def prompt_code(predictor: PromptPredictor) -> str:
    """Python that renders the pattern, reads the answer and compares the label words."""
    return "\n".join([*_imports([predictor]), "", *_scores(predictor, "."),
                      "print(dict(zip(words, scores.softmax(0).tolist())))"])


def ensemble_code(ensemble: EnsemblePredictor) -> str:
    """Python that asks each member in turn and averages."""
    lines = [*_imports(ensemble.members), "", "found = []"]
    for at, member in enumerate(ensemble.members):
        lines += ["", *_scores(member, member_folder(Path("."), at).as_posix()),
                  "found.append(scores.log_softmax(0))"]
    return "\n".join([*lines, "",
                      "print(dict(zip(words, torch.stack(found).mean(0).softmax(0).tolist())))"])


def _imports(predictors: Sequence[PromptPredictor]) -> list[str]:
    """What the code of `_scores` imports, all predictors being of one family."""
    strips = any("strip_punctuation" in segment.modifiers for each in predictors
                 for segment in each.pvp.pattern.segments)
    return [*(["import string", ""] if strips else []), "import torch",
            f"from transformers import AutoModelFor{_FAMILIES[predictors[0].backbone.family]}, "
            f"AutoTokenizer"]


def _scores(predictor: PromptPredictor, folder: str) -> list[str]:
    """Lines that put the label words' scores, `[C]`, into `scores`."""
    backbone = predictor.backbone
    pattern, verbalizer = predictor.pvp.pattern, predictor.pvp.verbalizer
    family = _FAMILIES[backbone.family]
    labels = () if verbalizer.has_words else verbalizer.labels
    fields = list(dict.fromkeys((*(field for field in _TEXTS if field in pattern.fields), *labels,
                                 *sorted(pattern.fields - set(_TEXTS)))))
    prompt = predictor.prompt(Example(_TEXTS["text_a"],
                                      _TEXTS["text_b"] if "text_b" in pattern.fields else "", None,
                                      tuple((field, _text(field)) for field in fields
                                            if field not in _TEXTS)))
    encoded = encode([prompt], backbone)[0]
    # a causal model is shown nothing after the mask
    segments = prompt.segments[: max(encoded.origins) + 1]
    text = _spelled(segments, _specials(encoded, [segment.kind for segment in segments], backbone))
    if not verbalizer.has_words:
        return [*_loaded(family, folder), *_given(fields), *_choices(predictor, encoded, text)]
    words = {label: single_ids([(label, word) for word in each], backbone) for label,
             each in verbalizer.words}
    shift = "" if predictor.shift is None else f" - torch.tensor({predictor.shift.tolist()})"
    return [
        *_loaded(family, folder), *_given(fields), f"text = {text}",
        'batch = tokenizer(text, add_special_tokens=False, return_tensors="pt")',
        *_answer(backbone, encoded),
        f"words = {words}  # {verbalizer}",
        f"scores = torch.stack([logits[ids].mean() for ids in words.values()]){shift}",
    ]


def _loaded(family: str, folder: str) -> list[str]:
    return [f'tokenizer = AutoTokenizer.from_pretrained("{folder}")',
            f'model = AutoModelFor{family}.from_pretrained("{folder}")']


def _text(field: str) -> str:
    """What the code gives for a text; a person puts their own there."""
    return _TEXTS.get(field, f"the {field}".replace("_", " "))


def _given(fields: Sequence[str]) -> list[str]:
    return [f'{field} = "{_text(field)}"' for field in fields]


def _choices(predictor: PromptPredictor, encoded: Encoded, text: str) -> list[str]:
    """Lines that put the score of each answer, a mask for each token, into `scores`."""
    labels, backbone = predictor.pvp.verbalizer.labels, predictor.backbone
    spaced = word_ids("x", backbone) != backbone.tokenizer.encode("x", add_special_tokens=False)
    words = ", ".join(f"{label!r}: {label}" for label in labels)
    before = '" " + ' if spaced else ""
    return [
        f"words, scores = {{{words}}}, []",
        "for word in words.values():",
        f"    ids = tokenizer.encode({before}word, add_special_tokens=False)",
        f"    text = ({text}).replace(tokenizer.mask_token, tokenizer.mask_token * len(ids))",
        '    batch = tokenizer(text, add_special_tokens=False, return_tensors="pt")',
        *(f"    {line}" for line in _sides(backbone, encoded)),
        '    places = (batch["input_ids"][0] == '
        'tokenizer.mask_token_id).nonzero().flatten().tolist()',
        "    score = torch.tensor(0.0)",
        "    while places:  # the token that is likeliest in its place is filled in first",
        "        logits = model(**batch).logits[0].log_softmax(-1)",
        "        found = logits[places, ids]",
        "        best = int(found.argmax())",
        "        score = score + found[best].detach()",
        '        batch["input_ids"][0, places.pop(best)] = ids.pop(best)',
        "    scores.append(score)",
        "scores = torch.stack(scores)",
    ]


def _answer(backbone: Backbone, encoded: Encoded) -> list[str]:
    """Lines that put the logits of the answer, `[V]`, into `logits`."""
    if backbone.family == "causal":
        return ["logits = model(**batch).logits[0, -1]"]
    if backbone.family == "masked":
        return [*_sides(backbone, encoded),
                'logits = model(**batch).logits[batch["input_ids"] == tokenizer.mask_token_id][0]']
    start = backbone.model.config.decoder_start_token_id
    if backbone.tokenizer.mask_token_id is None:
        said = f"torch.tensor([[{start}, {encoded.ids[encoded.masks[0]]}]])"
        return [f"logits = model(**batch, decoder_input_ids={said}).logits[0, -1]"]
    return ['ids = batch["input_ids"][0].tolist()',
            f"said = torch.tensor([[{start}, *ids[: ids.index(tokenizer.mask_token_id)]]])",
            "logits = model(**batch, decoder_input_ids=said).logits[0, -1]"]


def _sides(backbone: Backbone, encoded: Encoded) -> list[str]:
    """Lines that tell first and second text apart, where the model does and there are two."""
    if not (_typed(backbone) and any(encoded.type_ids)):
        return []
    return ['ends = (batch["input_ids"] == tokenizer.sep_token_id).long()',
            'batch["token_type_ids"] = (ends.cumsum(1) - ends).clamp(max=1)']


def _typed(backbone: Backbone) -> bool:
    """Whether the model tells first and second text apart by a type for each token."""
    return (getattr(backbone.model.config, "type_vocab_size", 0) or 0) > 1


def _specials(encoded: Encoded, kinds: Sequence[str], backbone: Backbone) -> list[str]:
    """The special tokens in each segment of a prompt, as text; empty for segments of text."""
    ids = [[each for each, origin in zip(encoded.ids, encoded.origins, strict=True) if origin == at]
           for at in range(len(kinds))]
    return [str(backbone.tokenizer.decode(tokens)) if kind in ("cls", "sep", "mask") else ""
            for kind, tokens in zip(kinds, ids, strict=True)]


def _spelled(segments: Sequence[Segment], specials: Sequence[str]) -> str:
    """A Python expression for the prompt's text with its special tokens written out."""
    parts = [""]
    for segment, special in zip(segments, specials, strict=True):
        # a demonstration's
        if segment.kind == "word" or (segment.kind == "text" and segment.label):
            parts[-1] += segment.surface()
        elif segment.kind == "text":
            parts += [parts.pop() + " " * segment.space, _expression(segment), ""]
        else:
            parts[-1] += segment.text if segment.kind == "literal" else special
    return " + ".join(repr(part) if at % 2 == 0 else part for at, part in enumerate(parts) if part)


def _expression(segment: Segment) -> str:
    changed = segment.field
    for modifier in segment.modifiers:
        if modifier in _CHANGED:
            changed = f"({_CHANGED[modifier].format(changed)})"
    return changed
