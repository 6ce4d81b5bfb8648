"""The Train tab on a task whose answers are texts: its methods, options, presets and curves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from core.data.task import Example, Task, classification, generation
from core.methods.registry import METHODS, methods_for
from core.runs.folder import DataFolder
from core.runs.spec import StudySpec
from tests.ui.conftest import Page
from ui.form import several_numbers
from ui.lab.tab import Lab
from ui.lab.words import WORD_BOXES
from ui.search.tab import Search
from ui.train.plan import IN_THE_LAB, Plan
from ui.train.runs import Runs

ENGLISH, CHINESE = (gr.Request(headers={"accept-language": language})
                    for language in ("en", "zh-CN"))
VENUES = Task("venues", generation(), *(tuple(
    Example(f"place {at}", references=(f"This is place {at}.",))
    for at in range(start, start + 40)) for start in (0, 40)))
LABELS = Task("films", classification("bad", "good"), *(tuple(
    Example(f"film {at}", label=("bad", "good")[at % 2]) for at in range(start, start + 40))
    for start in (0, 40)))
NO_WORDS = [""] * WORD_BOXES


@pytest.fixture(scope="module")
def plan(ground: Page) -> Plan:
    services, session = ground
    tasks = {"venues": VENUES, "films": LABELS}
    services.task = tasks.__getitem__  # type: ignore[method-assign]
    services.source = str  # type: ignore[method-assign]
    with gr.Tab() as tab:
        lab = Lab(services, session)
        search = Search(services, session, lab, tab)
        return Plan(services, session, lab, search)


def updates(plan: Plan, task: str) -> dict[str, Any]:
    """What a change to a task does to each box, by its name."""
    methods, shots, *rest = plan.list_methods(ENGLISH, task, [])
    presets = len(plan.presets)
    options = {f"{method}-{option}": update for (method, option, _), update in
               zip(plan.options, rest[presets:], strict=True)}
    return {"methods": methods, "shots": shots, "preset": rest[0], **options}


def planned(plan: Plan, methods: list[str], task: str = "venues", patterns: Any = (IN_THE_LAB,),
            typed: str = "{text_a} {mask}", **options: Any) -> list[Any]:
    """The runs of what is in the boxes."""
    values = [options.get(option, box.value) for _, option, box in plan.options]
    words = ["bad", "good", *NO_WORDS[2:]] if task == "films" else NO_WORDS
    _, runs = plan.planned(
        task, "mini-causal", methods, list(patterns), ["4"], ["13"], 0, "", [], typed, *words,
        *values, *(box.value for box in plan.search.options.values()))
    return runs


@pytest.mark.parametrize(("task", "kind"), [("venues", "generation"), ("films", "classification")])
def test_methods_and_options_are_those_of_the_kind(task: str, kind: Any, plan: Plan) -> None:
    found = updates(plan, task)
    texts = kind == "generation"
    assert [name for _, name in found["methods"]["choices"]] == [
        method.name for method in methods_for(kind)]
    assert set(found["methods"]["value"]) == {
        method.name for method in methods_for(kind) if method.preselected}
    shown = {name: found[name]["visible"] for name in (
        "preset", "zero-shot-beams", "zero-shot-calibrate", "prefix-tuning-length",
        "prefix-tuning-separator")}
    assert shown == {"preset": texts, "zero-shot-beams": texts, "zero-shot-calibrate": not texts,
                     "prefix-tuning-length": True, "prefix-tuning-separator": texts}
    assert ("per label" in found["shots"]["label"]) != texts


def test_the_page_opens_with_what_labels_need(plan: Plan) -> None:
    assert "fine-tuning" not in {name for _, name in plan.methods.choices}
    visible = {(method, option): box.visible for method, option, box in plan.options}
    assert (visible["zero-shot", "beams"], visible["zero-shot", "calibrate"]) == (False, True)


def test_options_of_another_kind_are_left_at_their_defaults(plan: Plan) -> None:
    (run,) = planned(plan, ["zero-shot"], task="films", typed="{text_a} {mask}", beams=5)
    assert run.options["beams"] == 1
    (run,) = planned(plan, ["zero-shot"], beams=5)
    assert (run.options["beams"], run.options_that_matter["beams"]) == (5, 5)
    assert "calibrate" not in run.options_that_matter


def test_several_lengths_make_a_run_each(plan: Plan) -> None:
    found = planned(plan, ["prefix-tuning", "zero-shot"], length="1, 2，3")
    assert [run.options.get("length") for run in found] == [1, 2, 3, None]


@pytest.mark.parametrize(("text", "numbers"), [
    ("5", 5), (" 1, 2,3 ", [1, 2, 3]), ("1 2", [1, 2]), ("0.5;1", [0.5, 1]), ("five", "five"),
    ("", ""), (None, None), ("1, x", "1, x"),
])
def test_numbers_of_a_box(text: Any, numbers: Any) -> None:
    assert several_numbers(text) == numbers


def test_without_a_pattern_the_suggested_one_is_used(plan: Plan) -> None:
    (run,) = planned(plan, ["zero-shot"], patterns=())
    assert run.pattern_text == "{text_a} {mask}"


def test_a_wrong_length_is_said_before_the_start(plan: Plan) -> None:
    values = [box.value if option != "length" else "1, many" for _, option, box in plan.options]
    note, start = plan.show_plan(
        ENGLISH, "venues", "mini-causal", ["prefix-tuning"], [IN_THE_LAB], ["4"], ["13"], 0, "",
        [], "{text_a} {mask}", *NO_WORDS, *values,
        *(box.value for box in plan.search.options.values()))
    assert ("&#x27;length&#x27;" in note and "a number" in note, start["interactive"]) == (
        True, False)


def test_a_preset_fills_the_boxes(plan: Plan) -> None:
    boxes = [option for method, option, _ in plan.options if method == "prefix-tuning"]
    filled = dict(zip(boxes, plan.take_preset("prefix-tuning", "few tables"), strict=True))
    assert (filled["begin_with"], filled["length"], filled["beams"], filled["middle"]) == (
        "table-to-text:", "5", 5, 512)
    assert plan.take_preset("prefix-tuning", None) == [gr.skip()] * len(boxes)


def test_curves_and_card_of_a_run_that_writes(tmp_path: Path) -> None:
    data = DataFolder(tmp_path)
    store, queue = data.store, data.queue
    spec = StudySpec.from_dict({
        "task": "venues", "model": "mini-causal", "methods": ["prefix-tuning"], "shots": [4],
        "seeds": [13]})
    store.submit(spec, spec.runs(VENUES), "ann")
    run = queue.claim()
    assert run is not None
    queue.progress(run, 2, 4, [(1, 5.5, None), (2, 5.0, 4.5), (3, 4.0, None), (4, 3.5, 4.0)], None)
    runs = Runs.__new__(Runs)
    runs.services = SimpleNamespace(store=store)
    card, _, loss, dev, *_ = runs.show_run(ENGLISH, "ann", run.id)
    assert list(loss["value"]["loss"]) == [5.5, 5.0, 4.0, 3.5]
    assert list(dev["value"]["development score"]) == [4.5, 4.0]
    assert (dev["label"], dev["y_lim"]) == ("Loss per token on development examples", None)
    assert "beams" in card
    assert "calibrate" not in card
    data.close()


def test_records_hold_the_options_that_matter() -> None:
    spec = StudySpec.from_dict({"task": "venues", "model": "mini-causal", "shots": [4],
                                "methods": ["prefix-tuning"], "seeds": [13]})
    (run,) = spec.runs(VENUES)
    assert {"loss_of", "length"} <= set(run.options_that_matter) <= set(run.options)
    labels = replace(run, kind="classification").options_that_matter
    assert "loss_of" not in labels
    assert replace(run, method="gone").options_that_matter == run.options
    assert METHODS["prefix-tuning"].presets
