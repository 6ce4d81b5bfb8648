"""Options of several values and presets, as studies hold them."""

from __future__ import annotations

from typing import Any

import pytest

from core.data.task import Example, Task, generation
from core.errors import SpecError
from core.methods.registry import METHODS
from core.runs.option_sets import MOST_SETS, option_sets
from core.runs.spec import StudySpec

PREFIX = METHODS["prefix-tuning"]
ROWS = tuple(Example(f"place {at}", references=(f"This is {at}.",)) for at in range(8))
TASK = Task("places", generation(), ROWS, ROWS)


def runs_with(options: Any, seeds: tuple[int, ...] = (1,)) -> list[dict[str, object]]:
    """The options of the runs of a study of prefix-tuning."""
    study = StudySpec.from_dict({
        "task": "places", "model": "mini-causal", "methods": ["prefix-tuning"], "shots": [2],
        "seeds": list(seeds), "patterns": [{"pattern": "{text_a} {mask}"}],
        "options": {"prefix-tuning": options}})
    assert StudySpec.from_dict(study.as_dict()) == study
    return [run.options for run in study.runs(TASK)]


@pytest.mark.parametrize(("given", "sets"), [
    ({}, [{}]), ([], [{}]), ({"steps": 3}, [{"steps": 3}]),
    ({"length": [1, 5], "steps": 3}, [{"length": 1, "steps": 3}, {"length": 5, "steps": 3}]),
    ({"length": [1, 5], "steps": [2, 3]},
     [{"length": length, "steps": steps} for length in (1, 5) for steps in (2, 3)]),
    ([{"length": [1, 2]}, {"dropout": True}], [{"length": 1}, {"length": 2}, {"dropout": True}]),
])
def test_every_combination_is_a_set(given: Any, sets: list[dict[str, object]]) -> None:
    assert option_sets(PREFIX, given) == sets


def test_a_run_for_each_length_and_seed() -> None:
    found = runs_with({"length": [1, 5, 10], "steps": 7}, seeds=(13, 21))
    assert [options["length"] for options in found] == [1, 1, 5, 5, 10, 10]
    assert {options["steps"] for options in found} == {7}


def test_equal_values_make_one_run() -> None:
    assert len(runs_with({"length": [5, 5.0]})) == 1


def test_a_preset_gives_the_settings_of_the_paper_and_given_values_win() -> None:
    (options,) = runs_with({"preset": "few tables", "steps": 4})
    assert (options["begin_with"], options["beams"], options["steps"]) == ("table-to-text:", 5, 4)
    lengths = [options["length"] for options in runs_with({"preset": "dart", "length": [3, 4]})]
    assert lengths == [3, 4]


@pytest.mark.parametrize("name", PREFIX.presets)
def test_every_preset_holds_options_of_the_method(name: str) -> None:
    (options,) = runs_with({"preset": name})
    assert PREFIX.presets[name].items() <= options.items()


@pytest.mark.parametrize(("given", "says"), [
    ({"preset": "e3e"}, "has no preset 'e3e'. Its presets are e2e, webnlg"),
    ({"length": []}, "option 'length' of 'prefix-tuning' is an empty list"),
    ({"length": [1, 0]}, "from 1 to 200"),
    ({"length": [[1]]}, "a number"),
    ({"length": list(range(1, 101)), "steps": list(range(1, 101))},
     f"make 10000 combinations; {MOST_SETS} are allowed"),
])
def test_what_cannot_be_run_is_refused(given: Any, says: str) -> None:
    with pytest.raises(SpecError, match=says):
        runs_with(given)


def test_methods_without_presets_say_so() -> None:
    with pytest.raises(SpecError, match="Its presets are none"):
        option_sets(METHODS["fine-tuning"], {"preset": "e2e"})
