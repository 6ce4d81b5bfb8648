"""Settings are read from a mapping; bad values name their variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import SpecError
from core.settings import Settings, settings_table

README = Path(__file__).resolve().parents[2] / "README.md"


def test_nothing_set_gives_the_defaults() -> None:
    found = Settings.from_environment({})
    assert found.data_folder == Path("~/.cache/cloze-lab").expanduser()
    assert (found.model, found.scheduler, found.public, found.temporary) == (
        "mini-masked",
        "",
        False,
        False,
    )


@pytest.mark.parametrize(("variable", "text", "field", "value"), [
    ("CLOZE_LAB_DATA", "/srv/lab", "data_folder", Path("/srv/lab")),
    ("CLOZE_LAB_SCHEDULER", "tls://gpu-7:8786", "scheduler", "tls://gpu-7:8786"),
    ("CLOZE_LAB_SCHEDULER", "inline", "scheduler", "inline"),
    ("CLOZE_LAB_MODEL", " roberta-base ", "model", "roberta-base"),
    ("CLOZE_LAB_DEVICE", "cuda:1", "device", "cuda:1"),
    ("CLOZE_LAB_PRECISION", "float16", "precision", "float16"),
    ("CLOZE_LAB_MAX_ROWS", "10", "max_rows", 10),
    ("CLOZE_LAB_MAX_STEPS", "", "max_steps", 100_000),
    ("CLOZE_LAB_HUB_MODELS", "a/b, c/d", "hub_models", ("a/b", "c/d")),
    ("CLOZE_LAB_HUB_DATA", "none", "hub_data", ("none",)),
    ("CLOZE_LAB_KEEP_MODELS_GB", "0.5", "keep_models_gb", 0.5),
    ("CLOZE_LAB_PUBLIC", "yes", "public", True),
])
def test_each_variable_is_read(variable: str, text: str, field: str, value: object) -> None:
    assert getattr(Settings.from_environment({variable: text}), field) == value


@pytest.mark.parametrize(("variable", "text"), [
    ("CLOZE_LAB_SCHEDULER", "gpu-7"),
    ("CLOZE_LAB_DEVICE", "gpu"),
    ("CLOZE_LAB_PRECISION", "int8"),
    ("CLOZE_LAB_MAX_ROWS", "many"),
    ("CLOZE_LAB_MAX_ROWS", "0"),
    ("CLOZE_LAB_MAX_FILE_MB", "-1"),
    ("CLOZE_LAB_KEEP_MODELS_GB", "nan"),
    ("CLOZE_LAB_KEEP_MODELS_GB", "-0.1"),
    ("CLOZE_LAB_PUBLIC", "2"),
])
def test_a_bad_value_is_refused_by_name(variable: str, text: str) -> None:
    with pytest.raises(SpecError, match=f"{variable} is '{text}'; it must be"):
        Settings.from_environment({variable: text})


def test_inline_is_no_address() -> None:
    inline, named = (
        Settings.from_environment({"CLOZE_LAB_SCHEDULER": text}) for text in ("inline", "tcp://a:1")
    )
    assert (inline.inline, inline.address) == (True, "")
    assert (named.inline, named.address) == (False, "tcp://a:1")
    assert not Settings().inline


def test_spaces_are_public_and_temporary() -> None:
    found = Settings.from_environment({"SPACE_ID": "someone/lab"})
    assert found.public
    assert found.temporary
    assert found.max_steps < Settings.from_environment({}).max_steps
    assert found.hub_data == ("none",)


def test_on_spaces_every_default_can_be_overruled() -> None:
    found = Settings.from_environment(
        {
            "SPACE_ID": "someone/lab",
            "CLOZE_LAB_DATA": "/data",
            "CLOZE_LAB_MAX_STEPS": "7",
            "CLOZE_LAB_HUB_DATA": "any",
            "CLOZE_LAB_KEEP_MODELS_GB": "1",
        }
    )
    assert (found.temporary, found.max_steps, found.hub_data, found.keep_models_gb) == (
        False,
        7,
        (),
        1.0,
    )
    assert not Settings.from_environment(
        {"SPACE_ID": "someone/lab", "CLOZE_LAB_PUBLIC": "0"}
    ).public


def test_the_readme_lists_all_settings() -> None:
    assert settings_table() in README.read_text(encoding="utf-8")
