"""A method is one file and its place in the registry: it is then found in every place that knows
methods.

Two are added here: one that writes texts, for which nothing else exists yet, and one that searches
label words.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from core.__main__ import main
from core.data.catalog import load_task
from core.data.task import Example, Task
from core.data.task_files import task_from_files
from core.errors import SpecError
from core.learning.fine_tuning import PromptFineTuningOptions, fine_tune
from core.learning.method import Learned, Method, Problem, Progress, SearchFacts, Stage, Watch
from core.learning.options import Options, option
from core.methods.registry import METHODS, check_method, method_named
from core.models.loading import BackboneCache
from core.models.placement import Placement
from core.runs.estimate import steps_of
from core.runs.execution import execute, make_problem
from core.runs.folder import DataFolder
from core.runs.inline import run_inline
from core.runs.spec import StudySpec
from core.settings import Settings
from ui.run_panels import run_card
from ui.services import Services
from ui.shell import build_app
from ui.train.stage_panels import curve_table

ENGLISH = gr.Request(headers={"accept-language": "en"})
CACHE = BackboneCache(Placement("cpu", "float32"))
WORDS = {"pattern": "{text_a} It was {mask}.", "words": {"bad": ["terrible"], "good": ["great"]}}


@dataclass(frozen=True)
class EchoOptions(Options):
    """How the text is repeated."""

    times: int = option(1, "how often the source is repeated", 1, 9)


class Echo(Method[EchoOptions]):
    """Repeats the source."""

    name, title, paper = "echo", "Echo", ""
    options = EchoOptions
    kinds = ("generation",)
    trains = uses_pattern = uses_shots = uses_seed = False

    def stages(self, options: EchoOptions, patterns: int = 1) -> tuple[Stage, ...]:
        """Nothing is trained."""
        return ()

    def learn(self, problem: Problem, options: EchoOptions, progress: Progress) -> Learned:
        """Return what repeats."""
        progress(0, 0)
        predictor = Repeating(options.times)
        return Learned(predictor,
                       problem.dev_metrics(problem.score(predictor, problem.split.train)))


@dataclass
class Repeating:
    """A generator."""

    times: int

    def generate(self, examples: Sequence[Example], watch: Watch | None = None) -> list[str]:
        """The sources again."""
        return [" ".join([example.text_a] * self.times) for example in examples]

    def save(self, folder: Path) -> None:
        """There are no weights."""


class Guess(Method[PromptFineTuningOptions]):
    """Takes the given words for the best that can be found."""

    name, title, paper = "guess", "Guessed words", ""
    options = PromptFineTuningOptions
    details = ("candidates", "stages")
    search = SearchFacts("guesses", "Words by guessing", "zero_shot", {"rounds": "steps"},
                         finds="words")

    def stages(self, options: PromptFineTuningOptions, patterns: int = 1) -> tuple[Stage, ...]:
        """Two models, one after the other."""
        return (Stage("first", options.steps), Stage("second", options.steps))

    def learn(self, problem: Problem, options: PromptFineTuningOptions,
              progress: Progress) -> Learned:
        """Train once; the second half of the steps is left out."""
        learned = fine_tune(problem, options, progress)
        progress(options.steps, 2 * options.steps, found=[
            {**problem.pvps[0].as_dict(), "score": 0.5, "dev_score": 0.75,
             "trained": options.steps}])
        return learned


@pytest.fixture(autouse=True)
def added() -> Iterator[None]:
    """The two, at the end of the registry."""
    METHODS.update({"echo": Echo(), "guess": Guess()})
    yield
    del METHODS["echo"], METHODS["guess"]


@pytest.fixture
def venues(tmp_path: Path) -> Task:
    """Five sources, of which two equal one of their references."""
    rows = [{"source": f"place {at}", "target": f"place {at}" if at < 2 else "somewhere"}
            for at in range(5)]
    path = tmp_path / "venues.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return task_from_files({"train": str(path), "test": str(path), "name": "venues"})


@pytest.fixture
def data(tmp_path: Path) -> Iterator[DataFolder]:
    opened = DataFolder(tmp_path / "data")
    yield opened
    opened.close()


def study(task: Task, method: str, **more: Any) -> StudySpec:
    return StudySpec.from_dict({"task": task.name, "methods": [method], "shots": [2], "seeds": [13],
                                **more})


def test_a_method_that_writes_texts_is_measured_by_the_metrics_of_texts(venues: Task) -> None:
    run, = study(venues, "echo").runs(venues)
    result = execute(run, lambda _: venues, CACHE, lambda *_, **__: None)
    assert (run.kind, result.metrics["exact_match"],
            result.metrics["n"]) == ("generation", 0.4, 5.0)
    assert list(result.predictions) == ["text_a", "text_b", "references", "output", "score"]
    assert result.predictions["output"].tolist() == [f"place {at}" for at in range(5)]
    twice, = study(venues, "echo", options={"echo": {"times": 2}}).runs(venues)
    assert execute(twice, lambda _: venues, CACHE, lambda *_,
                   **__: None).metrics["exact_match"] == 0
    assert twice.fingerprint != run.fingerprint


def test_its_options_are_checked_and_its_steps_counted(venues: Task) -> None:
    with pytest.raises(SpecError, match="'times' of 'echo' is '10'; it must be from 1 to 9"):
        study(venues, "echo", options={"echo": {"times": 10}})
    run, = study(venues, "echo").runs(venues)
    assert steps_of(run) == 0


def test_other_methods_name_it_for_texts(venues: Task, tiny_task: Task) -> None:
    run, = study(venues, "lm-bff", patterns=[{"pattern": "{text_a} {mask}"}]).runs(venues)
    method = method_named("lm-bff")
    with pytest.raises(SpecError, match=r"Methods that write texts are 'zero-shot', .*'echo'"):
        check_method(method, make_problem(run, venues, CACHE), method.options())
    label_run, = study(tiny_task, "echo").runs(tiny_task)
    with pytest.raises(SpecError, match="does not choose among labels, as this task needs"):
        check_method(METHODS["echo"], make_problem(label_run, tiny_task, CACHE), EchoOptions())


def test_the_command_line_lists_both(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["echo"]["kinds"] == ["generation"]
    assert rows["echo"]["options"]["times"] == {"default": 1,
                                                "explain": "how often the source is repeated"}
    with pytest.raises(SystemExit):
        main(["search", "--help"])
    assert "guesses" in capsys.readouterr().out


def test_a_run_of_the_search_is_kept_with_its_candidates_and_stages(
        tiny_task: Task, data: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.runs.attempt.load_task", lambda source, **_: tiny_task)
    spec = study(tiny_task, "guess", patterns=[WORDS],
                 options={"guess": {"steps": 2, "evaluate_every": 2}})
    key = data.store.submit(spec, spec.runs(tiny_task), "ann")
    run_inline(data.queue, CACHE, Settings(data_folder=data.store.artifacts.folder), study=key)
    run, = data.store.runs("ann")
    assert (run.status, run.total) == ("done", 4), run.explanation()
    assert data.store.found(run.id, "ann")[0]["dev_score"] == 0.75
    assert "Accuracy" in run_card(run, [], str)
    assert set(curve_table(run, data.store.curve(run.id, "ann"))["part"]) == {"first"}
    again = data.store.retry(run.id, "ann", {"options": {"steps": 3}})
    assert data.store.run(again, "ann").spec.options["steps"] == 3


def component(page: gr.Blocks, elem_id: str) -> Any:
    found, = (block for block in page.blocks.values() if getattr(block, "elem_id", None) == elem_id)
    return found


@pytest.fixture
def page(data: DataFolder, venues: Task, monkeypatch: pytest.MonkeyPatch) -> gr.Blocks:
    settings = Settings(data_folder=data.store.artifacts.folder, device="cpu")
    services = Services(settings, CACHE, data.store)
    monkeypatch.setattr(Services, "task", lambda self,
                        choice: venues if choice == "venues" else load_task(choice))
    return build_app(services)


def test_the_page_offers_both(page: gr.Blocks) -> None:
    assert "guess" in {name for _, name in component(page, "methods").choices}
    assert component(page, "echo-times").value == 1
    assert component(page, "options-echo") is not None
    assert ("Words by guessing", "guess") in component(page, "search-kind").choices
    with pytest.raises(ValueError, match="not enough values"):
        component(page, "options-guess")  # searches have their options in their own tab


def test_train_offers_the_methods_of_the_tasks_kind(page: gr.Blocks) -> None:
    handler: Callable[..., Any] = next(
        function.fn for function in page.fns.values()
        if getattr(function.fn, "__name__", "") == "list_methods")
    update, *_ = handler(ENGLISH, "venues", ["zero-shot"])
    assert ("Echo", "echo") in update["choices"]
    assert not {"head", "lm-bff"} & {name for _, name in update["choices"]}
    assert update["value"] == ["zero-shot"]
    update, *_ = handler(ENGLISH, "reviews", ["echo"])
    assert "echo" not in [name for _, name in update["choices"]]
    assert update["value"] == ["zero-shot", "head", "lm-bff"]
