"""Python that lets a saved model write, with transformers or PEFT alone, as its README shows."""

from __future__ import annotations

import json
from collections.abc import Iterator

from core.data.task import TEXTS
from core.learning.model_code import changed_code
from core.learning.text_predictor import TextPredictor
from core.models.source_target import end_of_text

_GIVEN = "A source."
_SEQ2SEQ = """
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

{given}
tokenizer = AutoTokenizer.from_pretrained(".")
model = AutoModelForSeq2SeqLM.from_pretrained(".")
inputs = tokenizer({prompt}, return_tensors="pt")
written = model.generate(**inputs, num_beams={beams}, max_new_tokens={tokens})[0]
print(tokenizer.decode(written, skip_special_tokens=True).strip())
"""
_CAUSAL = """
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

{given}
tokenizer = AutoTokenizer.from_pretrained(".")
model = AutoModelForCausalLM.from_pretrained(".")
ids = tokenizer({prompt})["input_ids"]{separator}
written = model.generate(
    torch.tensor([ids]), attention_mask=torch.ones(1, len(ids), dtype=torch.long),
    num_beams={beams}, max_new_tokens={tokens}, pad_token_id={end})[0, len(ids):]
print(tokenizer.decode(written, skip_special_tokens=True).strip())
"""
_PREFIX = """
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

{given}
base = {base}
tokenizer = AutoTokenizer.from_pretrained(base)
model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), ".").eval()
ids = tokenizer({prompt})["input_ids"]{separator}
start = len(ids)
with torch.no_grad():
    while len(ids) < start + {tokens} and ids[start:][-1:] != [{end}]:
        ids.append(int(model(input_ids=torch.tensor([ids])).logits[0, -1].argmax()))
print(tokenizer.decode(ids[start:], skip_special_tokens=True).strip())
"""


def text_code(predictor: TextPredictor, *, adapter: bool = False) -> str:
    """Python that writes a text after a source; with `adapter`, by PEFT's forward pass, greedily.

    (PEFT's own `generate` leaves a prefix out with present transformers.)
    """
    backbone, decoding = predictor.backbone, predictor.decoding
    end = end_of_text(backbone)
    form = _PREFIX if adapter else _SEQ2SEQ if backbone.family == "seq2seq" else _CAUSAL
    return form.strip().format(
        given="\n".join(_given(predictor)),
        prompt=_prompt(predictor), base=json.dumps(backbone.name), beams=decoding.beams,
        separator=f" + {end}" if predictor.separator else "", tokens=decoding.max_tokens,
        end=end[0] if end else None)


def _given(predictor: TextPredictor) -> Iterator[str]:
    """Lines that give the texts to be shown, changed as the pattern changes them."""
    for name in sorted(_fields(predictor)):
        yield f"{name} = {json.dumps(_GIVEN)}"
    changes = {segment.field: changed_code(segment.field, segment.modifiers)
               for segment in predictor.pattern.segments if segment.kind == "text"}
    changed = [f"{name} = {code}" for name, code in changes.items() if code != name]
    if any("string." in line for line in changed):
        yield "import string"
    yield from changed


def _fields(predictor: TextPredictor) -> set[str]:
    return {field for field in predictor.pattern.fields if field in TEXTS or field not in (
        "mask", "sep")}


def _prompt(predictor: TextPredictor) -> str:
    """The prompt as a formatted string: everything before the mask."""
    parts = []
    for segment in predictor.pattern.segments:
        if segment.kind == "mask":
            break
        blank = " " if segment.space else ""
        if segment.kind == "text":
            parts.append(f"{blank}{{{segment.field}}}")
        elif segment.kind == "sep":
            parts.append("\n")
        else:
            parts.append(segment.text.replace("{", "{{").replace("}", "}}"))
    return "f" + json.dumps("".join(parts), ensure_ascii=False)
