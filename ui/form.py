"""Forms made from Options classes: each option's own explanation, range and choices are shown."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import Field, fields
from typing import Any, get_type_hints

import gradio as gr

from core.data.task import Kind
from core.learning.options import Options, options_for
from ui.languages import label


def controls(kind: type[Options], prefix: str, only: Collection[str] | None = None, *,
             visible: bool = True,
             shown_for: Kind = "classification") -> dict[str, gr.components.Component]:
    """A control for each option (of those named `only`), by name, in the class's order.

    Hidden are all if not `visible`, and those that do not matter for tasks of the kind `shown_for`.
    """
    types, mattering = get_type_hints(kind), options_for(kind, shown_for)
    return {option.name: _control(option, types[option.name], prefix,
                                  visible and option.name in mattering)
            for option in fields(kind) if only is None or option.name in only}


def _control(option: Field[Any], kind: Any, prefix: str, visible: bool) -> gr.components.Component:
    facts = option.metadata
    shared: dict[str, Any] = {
        "value": option.default, "label": label(option.name.replace("_", " ")),
        "info": label(facts["explain"]), "elem_id": f"{prefix}-{option.name}", "visible": visible}
    if kind is bool:
        return gr.Checkbox(**shared, min_width=140)
    if facts["several"]:
        return gr.Textbox(**{**shared, "value": f"{option.default:g}"}, max_lines=1, min_width=140,
                          max_length=300)
    if kind is str and not facts["choices"]:
        return gr.Textbox(**shared, max_lines=1, min_width=140)
    if kind is str:
        return gr.Dropdown(list(facts["choices"]), **shared, min_width=140)
    low, high = (None if math.isinf(facts[end]) else facts[end] for end in ("low", "high"))
    return gr.Number(**shared, precision=0 if kind is int else None, minimum=low, maximum=high,
                     min_width=140)


def several_numbers(text: object) -> object:
    """The numbers in a box that takes several: one alone, or a list; other text as it is."""
    parts = re.split(r"[\s,;、，；]+", str(text).strip(" ,;、，；"))
    try:
        numbers = [_number(part) for part in parts]
    except ValueError:
        return text
    return numbers if len(numbers) > 1 else numbers[0]


def _number(text: str) -> float:
    number = float(text)
    return int(number) if number.is_integer() else number
