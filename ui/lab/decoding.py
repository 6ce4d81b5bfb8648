"""How texts are written, as a person chooses it: greedily, by beam search or by sampling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from core.data.split import LM_BFF_SEEDS
from core.models.decoding import Decoding
from ui.languages import label

GREEDY, BEAMS, SAMPLING = WAYS = ("greedy", "beams", "sampling")
_SHOWN = {GREEDY: (), BEAMS: ("beams", "length_penalty"),
          SAMPLING: ("temperature", "top_p", "seed")}


class DecodingBoxes:
    """The choice of a way of writing, and what it can be told."""

    def __init__(self) -> None:
        """Components only; those of the other ways are hidden."""
        with gr.Group(elem_id="decoding"):
            self.way = gr.Radio(
                [(label("greedy"), GREEDY), (label("beam search"), BEAMS),
                 (label("sampling"), SAMPLING)],
                value=GREEDY, label=label("How the text is written"), elem_id="way")
            with gr.Row(elem_classes="cl-options"):
                self.numbers = {
                    "max_tokens": _number("max_tokens", label("max tokens"), 48, 1, 256),
                    "beams": _number("beams", label("beams"), 4, 2, 16, shown=False),
                    "length_penalty": _number("length_penalty", label("length penalty"), 1.0, 0, 5,
                                              whole=False, shown=False),
                    "temperature": _number("temperature", label("temperature"), 0.8, 0.01, 5,
                                           whole=False, shown=False),
                    "top_p": _number("top_p", label("top p"), 0.95, 0.01, 1, whole=False,
                                     shown=False),
                    "seed": _number("seed", label("Seed"), LM_BFF_SEEDS[0], 0, 2**31,
                                    shown=False),
                }

    @property
    def boxes(self) -> list[gr.components.Component]:
        """What `decoding_of` reads, in its order."""
        return [self.way, *self.numbers.values()]

    def show(self, way: str) -> list[Any]:
        """Show what the chosen way can be told."""
        return [gr.update(visible=name == "max_tokens" or name in _SHOWN.get(way, ()))
                for name in self.numbers]


def decoding_of(way: str, max_tokens: float | None, beams: float | None,
                length_penalty: float | None, temperature: float | None, top_p: float | None,
                seed: float | None) -> Decoding:
    """The chosen way of writing; an empty box stands for its usual value."""
    most = int(max_tokens or 48)
    if way == BEAMS:
        penalty = 1.0 if length_penalty is None else float(length_penalty)
        return Decoding(most, beams=int(beams or 4), length_penalty=penalty, one_line=True)
    if way == SAMPLING:
        return Decoding(most, temperature=float(temperature or 0.8), top_p=float(top_p or 0.95),
                        seed=int(seed or 0), one_line=True)
    return Decoding(most, one_line=True)


def all_ways(values: Sequence[Any]) -> dict[str, Decoding]:
    """The three ways, each with what is in the boxes."""
    return {way: decoding_of(way, *values[1:]) for way in WAYS}


def _number(name: str, title: Any, value: float, low: float, high: float, *, whole: bool = True,
            shown: bool = True) -> gr.Number:
    return gr.Number(value, label=title, minimum=low, maximum=high, precision=0 if whole else None,
                     visible=shown, min_width=110, elem_id=f"decoding-{name}")
