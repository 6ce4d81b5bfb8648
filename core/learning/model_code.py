"""Python that asks a saved model with transformers alone, as its README shows it.

It puts the prompt's token ids together as Cloze Lab does, text by text: joined to one string
first, many tokenizers would put a blank after the mask or cut words in another way.
"""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.data.task import Example
from core.learning.classifier import HeadPredictor, bare_prompt
from core.learning.ensemble import EnsemblePredictor, member_folder
from core.learning.multi_mask import MultiMaskPredictor
from core.learning.prompting import PromptPredictor
from core.learning.whole_prompt import WholePromptPredictor
from core.models.backbone import Backbone
from core.models.encoding import (
    Encoded,
    Limits,
    encode,
    shown_segments,
    spellings,
    start_token,
)
from core.models.pieces import (
    boundary,
    drops_blanks,
    sentinel_id,
    single_ids,
    special_letters,
    word_ids,
)
from core.models.whole_prompt import without_mask
from core.prompts.pattern import Prompt, Segment

_TEXTS = {"text_a": "A text to label.", "text_b": "Its second text."}
_CHANGED = {  # the pattern's modifiers, as Python writes them
    "strip_punctuation": "{0}.rstrip(string.punctuation + '。，！？；：、… ')",
    "drop_last": "{0}[:-1]",
    "lower_first": "{0}[:1].lower() + {0}[1:]",
    "upper_first": "{0}[:1].upper() + {0}[1:]",
    "spaced": "' '.join("
              "''.join(f' {{c}} ' if c in string.punctuation else c for c in {0}).split())",
}
_FAMILIES = {"masked": "MaskedLM", "seq2seq": "Seq2SeqLM", "causal": "CausalLM"}
_WIDTH = 88
_TAKEN = (  # the code's own names
    "before", "found", "ids", "mask", "model", "place", "places", "prompt", "said", "score",
    "scores", "string", "tokenizer", "torch", "types", "word", "words")


def head_code(predictor: HeadPredictor, pairs: bool) -> str:
    """Python that asks a saved classifier."""
    reader = predictor.reader
    fields = list(_TEXTS)[: 2 if pairs else 1]
    texts = [_TEXTS[field] for field in fields]
    prompt = bare_prompt(_example(fields), pairs)
    asked = _Asked.of(prompt, reader, Limits())
    if _joins_alike(texts, asked.encoded, reader):
        return _pipeline(fields, pairs and _typed(reader))
    return "\n".join([
        "import torch", *_imports("SequenceClassification", reader),
        *_loaded("SequenceClassification", "."), *_given(fields), *asked.lines(),
        f"scores = model({asked.inputs}).logits[0].softmax(0).tolist()",
        "labels = model.config.id2label.values()",
        'print([{"label": label, "score": score} for label, score in zip(labels, scores)])'])


def prompt_code(predictor: PromptPredictor) -> str:
    """Python that builds the prompt, reads the answer and compares the label words."""
    return "\n".join([*_torch_imports([predictor]), *_scores(predictor, "."),
                      "print(dict(zip(words, scores.softmax(0).tolist())))"])


def ensemble_code(ensemble: EnsemblePredictor) -> str:
    """Python that asks each member in turn and averages."""
    lines = [*_torch_imports(ensemble.members), "found = []"]
    for at, member in enumerate(ensemble.members):
        lines += ["", *_scores(member, member_folder(Path("."), at).as_posix()),
                  "found.append(scores.log_softmax(0))"]
    mean = "torch.stack(found).mean(0)"
    if ensemble.weights is not None:
        lines.append(f"weights = torch.tensor({ensemble.weights})")
        mean = "(weights @ torch.stack(found) / weights.sum())"
    return "\n".join([*lines, "", f"print(dict(zip(words, {mean}.softmax(0).tolist())))"])


@dataclass(frozen=True)
class _Asked:
    """A prompt as the code builds it: `parts` are what the list of its token ids is made of."""

    parts: list[str]
    encoded: Encoded
    typed: bool

    @staticmethod
    def of(prompt: Prompt, backbone: Backbone, limits: Limits) -> _Asked:
        encoded = encode([prompt], backbone, limits)[0]
        parts = _parts(prompt, encoded, backbone, limits)
        return _Asked(parts, encoded, _typed(backbone) and any(encoded.type_ids))

    @property
    def inputs(self) -> str:
        """What the model is called with."""
        return "torch.tensor([prompt])" + ", token_type_ids=types" * self.typed

    def lines(self, mask: str = "mask") -> list[str]:
        """Lines that make the prompt, with `mask` where the answer is read."""
        parts = [mask if part == "mask" else part for part in self.parts]
        return [*_listed("prompt", parts), *self._sides()]

    def _sides(self) -> list[str]:
        """Lines that tell first and second text apart, where the model does and there are two."""
        if not self.typed:
            return []
        separator = self.encoded.ids[self.encoded.type_ids.index(1) - 1]
        return [f"first = prompt.index({separator}) + 1",
                "types = torch.tensor([[0] * first + [1] * (len(prompt) - first)])"]


def _listed(name: str, parts: Sequence[str]) -> list[str]:
    """Lines that make a list of the parts."""
    lines = [f"{name} = ["]
    for part in parts:
        if len(lines[-1]) + len(part) > _WIDTH:
            lines.append(" " * len(f"{name} = ["))
        lines[-1] += part + ", "
    lines[-1] = lines[-1].removesuffix(", ") + "]"
    return [line.rstrip() for line in lines]


def _parts(prompt: Prompt, encoded: Encoded, backbone: Backbone, limits: Limits) -> list[str]:
    """Python for the token ids of each segment, and `mask` for the answer's place."""
    return [part for part in _all_parts(prompt, encoded, backbone, limits) if part]


def _all_parts(prompt: Prompt, encoded: Encoded, backbone: Backbone, limits: Limits) -> list[str]:
    """The same with "" for segments without tokens."""
    segments = shown_segments(prompt, backbone)
    parts = []
    for at, (segment, spelled) in enumerate(
            zip(segments, spellings(segments, backbone), strict=True)):
        ids = [token for token, origin in zip(encoded.ids, encoded.origins, strict=True)
               if origin == at]
        if segment.kind == "mask":
            parts.append("mask" if ids else "")
        elif spelled is None:
            parts.append(", ".join(map(str, ids)))
        elif spelled.text:
            most = limits.of(segment)
            cut = "" if most is None or len(ids) < most else f"[:{most}]"
            start = ', ""' if spelled.starts else ""
            parts.append(f"*ids({_expression(segment, spelled.text)}{start}){cut}")
        else:
            parts.append("")
    return parts


def _expression(segment: Segment, text: str) -> str:
    """Python for the segment's text: a variable with the pattern's changes, or the text itself."""
    if segment.kind != "text" or segment.label:  # a demonstration's texts have a label
        return repr(text)
    changed = changed_code(_variable(segment.field), segment.modifiers)
    return '" " + ' * segment.space + changed


def changed_code(name: str, modifiers: Sequence[str]) -> str:
    """Python for the text of a variable after a pattern's modifiers, in their order."""
    for modifier in modifiers:
        if modifier in _CHANGED:
            name = f"({_CHANGED[modifier].format(name)})"
    return name


def _torch_imports(predictors: Sequence[PromptPredictor]) -> list[str]:
    """What the code of `_scores` imports and defines, all predictors being of one model."""
    strips = any({"strip_punctuation", "spaced"} & set(segment.modifiers) for each in predictors
                 for segment in each.pvp.pattern.segments)
    backbone = predictors[0].backbone
    return [*(["import string", ""] if strips else []), "import torch",
            *_imports(_FAMILIES[backbone.family], backbone)]


def _imports(task: str, backbone: Backbone) -> list[str]:
    """The import of transformers, and the function that gives a text's token ids."""
    return [f"from transformers import AutoModelFor{task}, AutoTokenizer", "", "",
            *_ids_function(backbone), "", ""]


def _ids_function(backbone: Backbone) -> list[str]:
    """The function that gives a text's token ids as `core.models.pieces` does."""
    before = boundary(backbone)
    options = "add_special_tokens=False, split_special_tokens=True"
    if not before:
        return ["def ids(text):", f"    return tokenizer.encode(text, {options})"]
    return [f"def ids(text, before={before!r}):  # as inside a text: after a mark that is cut off",
            *_parting(backbone),
            f"    marked = tokenizer.encode(before + text, {options})",
            f"    return marked[len(tokenizer.encode(before, {options})) :]"]


def _parting(backbone: Backbone) -> list[str]:
    """Lines that take blanks off a text and special tokens apart, where the tokenizer needs it."""
    lines = []
    if drops_blanks(backbone):
        lines.append('    text = " " * text[:1].isspace() + text.strip()')
    if special_letters(backbone):
        tokens = "tokenizer.all_special_tokens"
        if sentinel_id(0, backbone) not in (None, *backbone.tokenizer.all_special_ids):
            tokens = f'[*{tokens}, *(f"<extra_id_{{n}}>" for n in range(100))]'
        lines += [f"    for token in {tokens}:  # in a text they are letters",
                  "        if token in text:",
                  "            start, end = text.split(token, 1)",
                  "            return ids(start + token[0], before) + ids(token[1:] + end)"]
    return lines


def _scores(predictor: PromptPredictor, folder: str) -> list[str]:
    """Lines that put the label words' scores, `[C]`, into `scores`."""
    backbone = predictor.backbone
    fields = _fields(predictor)
    lines = [*_loaded(_FAMILIES[backbone.family], folder), *_given(fields)]
    if isinstance(predictor, WholePromptPredictor):
        return [*lines, *_whole(predictor, predictor.prompt(_example(fields))), *_shift(predictor)]
    asked = _Asked.of(predictor.prompt(_example(fields)), backbone, predictor.limits)
    if backbone.family != "causal":
        mask = asked.encoded.ids[asked.encoded.masks[0]]
        lines.append(f"mask = {mask}  # {backbone.tokenizer.convert_ids_to_tokens(mask)}")
    lines += _filled(predictor, asked) if isinstance(
        predictor, MultiMaskPredictor) else _compared(predictor, asked)
    return [*lines, *_shift(predictor)]


def _shift(predictor: PromptPredictor) -> list[str]:
    """A line that calibrates the scores, where the predictor does."""
    if predictor.shift is None:
        return []
    return [f"scores = scores.log_softmax(0) - torch.tensor({predictor.shift.tolist()})"]


def _whole(predictor: WholePromptPredictor, prompt: Prompt) -> list[str]:
    """Lines that score label words and what follows them."""
    backbone, verbalizer = predictor.backbone, predictor.pvp.verbalizer
    place = [segment.kind for segment in prompt.segments].index("mask")
    bare = without_mask(prompt)
    encoded = encode([bare], backbone, predictor.limits)[0]
    parts = _all_parts(bare, encoded, backbone, predictor.limits)
    before, after = list(filter(None, parts[:place])), list(filter(None, parts[place + 1 :]))
    words = {label: [word_ids(word, backbone) for word in each]
             for label, each in verbalizer.words}
    body = [*_listed("before", before or [str(start_token(backbone))]),
            *_listed("prompt", ["*before", "*word", *after]),
            "found = model(torch.tensor([prompt])).logits[0].log_softmax(-1)",
            "places = range(len(before), len(prompt))",
            "return sum(found[place - 1, prompt[place]] for place in places)"]
    return ["", "def score(word):  # how probable the word is, and what follows it",
            *(f"    {line}" for line in body), "", f"words = {words}  # {verbalizer}",
            "scores = torch.stack([torch.stack([score(word) for word in each]).mean()",
            "                      for each in words.values()]).detach()"]


def _fields(predictor: PromptPredictor) -> list[str]:
    """The texts that a person gives: the pattern's, and the choices where labels have no words."""
    pattern, verbalizer = predictor.pvp.pattern, predictor.pvp.verbalizer
    choices = () if verbalizer.has_words else verbalizer.labels
    return list(dict.fromkeys((*(field for field in _TEXTS if field in pattern.fields), *choices,
                               *sorted(pattern.fields - set(_TEXTS)))))


def _example(fields: Sequence[str]) -> Example:
    further = tuple((field, _text(field)) for field in fields if field not in _TEXTS)
    return Example(_TEXTS["text_a"], _TEXTS["text_b"] if "text_b" in fields else "", None, further)


def _text(field: str) -> str:
    """What the code gives for a text; a person puts their own there."""
    return _TEXTS.get(field, f"the {field}".replace("_", " "))


def _given(fields: Sequence[str]) -> list[str]:
    return [f"{_variable(field)} = {json.dumps(_text(field), ensure_ascii=False)}"
            for field in fields]


def _variable(field: str) -> str:
    """The field's name as a name in Python that the code does not use for anything else."""
    name = re.sub(r"\W", "_", field)
    free = name.isidentifier() and not keyword.iskeyword(name) and name not in _TAKEN
    return name if free else f"text_{name}"


def _loaded(task: str, folder: str) -> list[str]:
    return [f'tokenizer = AutoTokenizer.from_pretrained("{folder}")',
            f'model = AutoModelFor{task}.from_pretrained("{folder}")']


def _compared(predictor: PromptPredictor, asked: _Asked) -> list[str]:
    """Lines that score single tokens at the one mask."""
    backbone, verbalizer = predictor.backbone, predictor.pvp.verbalizer
    words = {label: single_ids([(label, word) for word in each], backbone)
             for label, each in verbalizer.words}
    return [*asked.lines(), *_answer(backbone, asked), f"words = {words}  # {verbalizer}",
            "scores = torch.stack([logits[tokens].mean() for tokens in words.values()])"]


def _answer(backbone: Backbone, asked: _Asked) -> list[str]:
    """Lines that put the logits of the answer, `[V]`, into `logits`."""
    if backbone.family == "causal":
        return [f"logits = model({asked.inputs}).logits[0, -1]"]
    if backbone.family == "masked":
        return [f"logits = model({asked.inputs}).logits[0, prompt.index(mask)]"]
    start = backbone.model.config.decoder_start_token_id
    repeats = backbone.tokenizer.mask_token_id is not None  # as BART does
    said = f"[{start}, *prompt[: prompt.index(mask)]]" if repeats else f"[{start}, mask]"
    return [f"said = torch.tensor([{said}])",
            f"logits = model({asked.inputs}, decoder_input_ids=said).logits[0, -1]"]


def _filled(predictor: MultiMaskPredictor, asked: _Asked) -> list[str]:
    """Lines that score answers of several tokens, with a mask for each."""
    verbalizer = predictor.pvp.verbalizer
    if verbalizer.has_words:
        words = f"{dict(zip(verbalizer.labels, predictor.answers, strict=True))}  # {verbalizer}"
    else:
        choices = (f'{label!r}: ids(" " + {_variable(label)})' for label in verbalizer.labels)
        words = "{" + ", ".join(choices) + "}"
    return [
        f"words = {words}",
        "scores = []",
        "for tokens in words.values():",
        "    missing = list(tokens)",
        *(f"    {line}" for line in asked.lines("*[mask] * len(missing)")),
        "    places = [place for place, token in enumerate(prompt) if token == mask]",
        "    score = torch.tensor(0.0)",
        "    while places:  # the token that is likeliest in its place is filled in first",
        f"        logits = model({asked.inputs}).logits[0].log_softmax(-1)",
        "        found = logits[places, missing]",
        "        best = int(found.argmax())",
        "        score = score + found[best].detach()",
        "        prompt[places.pop(best)] = missing.pop(best)",
        "    scores.append(score)",
        "scores = torch.stack(scores)",
    ]


def _typed(backbone: Backbone) -> bool:
    """Whether the model tells first and second text apart by a type for each token."""
    return (getattr(backbone.model.config, "type_vocab_size", 0) or 0) > 1


def _joins_alike(texts: Sequence[str], encoded: Encoded, backbone: Backbone) -> bool:
    """Whether transformers' pipeline gives the tokens that Cloze Lab gives."""
    if special_letters(backbone):
        return False
    own = backbone.tokenizer(*texts, split_special_tokens=True, return_token_type_ids=True)
    types: list[int] = own["token_type_ids"] if _typed(backbone) else encoded.type_ids
    return bool(own["input_ids"] == encoded.ids and types == encoded.type_ids)


def _pipeline(fields: Sequence[str], typed: bool) -> str:
    """Python that asks a classifier through transformers' pipeline."""
    pair = f'{{"text": {fields[0]}, "text_pair": {fields[-1]}}}'
    asked = pair if len(fields) > 1 else fields[0]
    options = "truncation=True, split_special_tokens=True"
    return "\n".join(["from transformers import pipeline", "",
                      'classify = pipeline("text-classification", model=".", top_k=None)',
                      *_given(fields),
                      f"print(classify({asked}, {options}"
                      + ", return_token_type_ids=True" * typed + "))"])
