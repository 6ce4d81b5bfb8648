"""The command line as a whole: help, exit statuses, and what stands where."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.commands import look
from core.commands.command import Result, align
from core.commands.command_line import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
NAMES = [command.name for command in COMMANDS]


def test_every_command_has_a_name_of_its_own() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert {"tasks", "models", "methods", "metrics", "look", "patterns"} <= {*NAMES}
    assert {"run", "search", "pretrain", "report", "delete"} <= {*NAMES}


def test_help_lists_every_command(run: Callable[..., object],
                                  capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        run("--help")
    assert stop.value.code == 0
    printed = capsys.readouterr().out
    assert [name for name in NAMES if f"\n    {name} " not in printed] == []


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_explains_itself(command: object, run: Callable[..., object],
                                       capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        run(command.name, "--help")
    assert stop.value.code == 0
    printed = capsys.readouterr().out
    assert " ".join(command.about.split()) in " ".join(printed.split())
    assert "--json" in printed


@pytest.mark.parametrize("arguments", [
    (), ("lok",), ("look",), ("tasks", "more"), ("search", "wordz", "search.yaml"),
    ("look", "--task", "reviews", "--pattern", "{mask}", "--limit", "many"),
])
def test_arguments_that_cannot_be_parsed_are_status_2(
    arguments: tuple[str, ...], run: Callable[..., object], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        run(*arguments)
    printed = capsys.readouterr()
    assert (stop.value.code, printed.out) == (2, "")
    assert printed.err.startswith("usage: python -m core")


def test_a_wrong_setting_is_one_line_and_status_2(run: Callable[..., tuple[int, str, str]],
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOZE_LAB_MAX_ROWS", "few")
    status, out, err = run("tasks")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("cloze-lab: CLOZE_LAB_MAX_ROWS is 'few'")


def test_an_interrupted_command_is_status_130(run: Callable[..., tuple[int, str, str]],
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    def press_ctrl_c(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(look, "task_within_limits", press_ctrl_c)
    assert run("look", "--task", "reviews", "--pattern", "{mask}") == (130, "", "")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_json_has_null_for_numbers_that_it_does_not_know(value: float) -> None:
    assert json.loads(Result({"loss": [value, 0.5]}, "").json()) == {"loss": [None, 0.5]}


def test_columns_are_as_wide_as_their_widest_cells() -> None:
    assert align([("a", 12, "x"), ("bcd", 3), ("", "", "")]) == "a    12  x\nbcd  3\n"
    assert align([]) == ""


@pytest.mark.parametrize("name", ["tasks", "metrics"])
def test_what_is_heavy_is_not_imported_to_list_something(name: str) -> None:
    script = ("import sys; from core.__main__ import main; main(sys.argv[1:]);"
              "print({'torch', 'transformers', 'pandas', 'sacrebleu', 'rouge_score', 'nltk'}"
              " & set(sys.modules), file=sys.stderr)")
    done = subprocess.run([sys.executable, "-c", script, name], cwd=ROOT, capture_output=True,
                          text=True, check=True)
    assert done.stdout
    assert done.stderr == "set()\n"


def test_the_entry_gives_the_status_to_the_shell() -> None:
    command = [sys.executable, "-m", "core", "look", "--task", "no such", "--pattern", "{mask}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("cloze-lab: There is no task 'no such'.")
