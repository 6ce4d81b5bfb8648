"""Recipes are checked before anything is started."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from core.errors import SpecError
from core.pretraining.recipe import Source, read_recipe

ROOT = Path(__file__).resolve().parents[2]
GOOD: dict[str, Any] = {"name": "m", "objective": "masked", "start": "s", "corpora": ["a.txt"]}


@pytest.mark.parametrize(
    "path", sorted((ROOT / "recipes").glob("*.yaml")), ids=lambda path: path.stem
)
def test_shipped_recipes_can_be_read(path: Path) -> None:
    recipe = read_recipe(yaml.safe_load(path.read_text(encoding="utf-8")))
    assert recipe.name == path.stem
    assert recipe.steps > 100


def test_steps_cover_all_tokens() -> None:
    recipe = read_recipe({**GOOD, "length": 100, "batch_tokens": 1000, "tokens": 2001})
    assert (recipe.rows, recipe.steps) == (10, 3)


def test_numbers_may_be_written_as_yaml_reads_them() -> None:
    recipe = read_recipe(
        {**GOOD, "learning_rate": "4e-4", "tokens": 1e6, "corpora": {"file": "a.txt", "weight": 2}}
    )
    assert (recipe.learning_rate, recipe.tokens, recipe.corpora) == (
        4e-4,
        1_000_000,
        (Source("a.txt", 2.0),),
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "keys and values"),
        ([], "keys and values"),
        ({**GOOD, "rate": 1}, "no key 'rate'"),
        ({key: value for key, value in GOOD.items() if key != "corpora"}, "has no 'corpora'"),
        ({**GOOD, "name": ""}, "has no 'name'"),
        ({**GOOD, "objective": "guess"}, "must be one of masked, spans, next"),
        ({**GOOD, "start": 3}, "'start' is '3'; it must be text"),
        ({**GOOD, "tokens": "many"}, "whole number from 1"),
        ({**GOOD, "tokens": 2.5}, "whole number"),
        ({**GOOD, "tokens": True}, "whole number"),
        ({**GOOD, "chosen": 0}, "from 0.01 to 1"),
        ({**GOOD, "learning_rate": "nan"}, "a number from 0 to 1"),
        ({**GOOD, "seed": None}, "whole number"),
        ({**GOOD, "masked": 0.9, "random": 0.2}, "together they are 1.1"),
        ({**GOOD, "warmup": 0.5, "decay": 0.6}, "together they are 1.1"),
        ({**GOOD, "corpora": [3]}, "each entry is a file"),
        ({**GOOD, "corpora": [{"file": "a", "weight": 0}]}, "weight up to 100"),
        ({**GOOD, "corpora": [{"file": "a", "times": 2}]}, "each entry is a file"),
        ({**GOOD, "start": ""}, "either 'start'"),
        ({**GOOD, "model": {"type": "t5"}}, "either 'start'"),
        ({**GOOD, "start": "", "model": "t5"}, "must hold a configuration"),
        ({**GOOD, "span": 0}, "from 1 to 100"),
    ],
)
def test_what_cannot_be_meant_is_refused(given: object, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        read_recipe(given)
