"""Text-to-text, from the spec to the saved model: formats, prefixes, invalid and ranked answers."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.data.catalog import load_task
from core.data.split import draw_split
from core.data.task import Example, Task, classification, generation, multiple_choice
from core.errors import InputError
from core.inspection import text_question, written_answers
from core.learning.method import Problem
from core.learning.model_readme import readme
from core.learning.options import read_options
from core.learning.saved_models import load_predictor
from core.learning.text_to_text import TextToTextClassifier
from core.methods.registry import check_method, method_named
from core.methods.text_to_text import TextToTextOptions, text_to_text
from core.models.backbone import Backbone
from core.models.loading import BackboneCache, load_backbone
from core.models.placement import Placement
from core.prompts.text_formats import FORMATS, fitting_format
from core.prompts.text_to_text import FORMS, TASK_FORMATS
from core.runs.execution import RunResult, execute, ignore_progress
from core.runs.spec import RunSpec, StudySpec

CPU = Placement("cpu", "float32")
NAME = "text-to-text"
Tiny = Callable[..., Backbone]


@pytest.fixture(scope="module")
def mini() -> Backbone:
    return load_backbone("mini-seq2seq", CPU)


def words() -> Task:
    """Two labels that a single word tells."""
    rows = [Example(f"{article} {word}", label=label)
            for label, known in {"great": ("park", "film"), "terrible": ("dog", "bread")}.items()
            for word in known for article in ("the", "a", "The", "is the", "in the", "it was the")]
    return Task("words", classification("great", "terrible"), tuple(rows), tuple(rows[::2]))


def scores() -> Task:
    """Pairs with a number from 0 to 5."""
    rows = tuple(Example(f"a {word}", f"the {word}", references=(number,)) for word, number in
                 (("film", "2.5"), ("dog", "4.125"), ("park", "0.1"), ("story", "5.0")))
    return Task("stsb", generation(pairs=True), rows, rows)


def runs_of(task: Task, model: str = "any", shots: int = 4, seeds: tuple[int, ...] = (13,),
            options: Any = None) -> list[RunSpec]:
    return StudySpec.from_dict({
        "task": task.name, "model": model, "methods": [NAME], "shots": [shots],
        "seeds": list(seeds), "options": {NAME: options or {}}}).runs(task)


def done(task: Task, folder: Path, save_to: Path | None = None, shots: int = 4,
         **options: object) -> RunResult:
    run, = runs_of(task, str(folder), shots, options=options)
    return execute(run, lambda _: task, BackboneCache(CPU), ignore_progress, save_to)


def asked(task: Task, backbone: Backbone, **given: object) -> Any:
    method = method_named(NAME)
    options = method.for_task(read_options(method.options, given, NAME), task)
    problem = Problem(task.schema, (), draw_split(task, 0, 1), backbone, 1)
    check_method(method, problem, options)
    return method.learn(problem, options, ignore_progress).predictor


# Formats and prefixes


@pytest.mark.parametrize("name", sorted(FORMS))
def test_a_pattern_shows_what_the_form_says(name: str) -> None:
    columns = FORMS[name].columns[:-1]
    cells = {column: f"One ({column}), 2 of 3." for column in columns}
    example = Example(cells.get("text_a", cells.get("source", "")), cells.get("text_b", ""),
                      more=tuple((key, cells[key]) for key in columns if key in (
                          "question", "context")))
    prompt = FORMATS[name].pattern().render(example)
    assert prompt.text(mask="") == FORMS[name].source(*cells.values()).strip()


@pytest.mark.parametrize("name", sorted(FORMS))
def test_the_model_reads_the_tokens_of_the_whole_text(name: str, mini: Backbone) -> None:
    example = Example("A film, of sorts.", "It wasn't!", more=(
        ("question", "What is $3.50?"), ("context", "It cost $3.50 (then).")))
    pattern = FORMATS[name].pattern()
    predictor = text_to_text(mini, generation(pairs=True, columns=("question", "context")),
                             TextToTextOptions(format=name))
    found = getattr(predictor, "writer", predictor).sources([example])[0].ids
    assert found == mini.tokenizer(pattern.render(example).text(mask=""))["input_ids"]


@pytest.mark.parametrize(("name", "fields"), [
    ("copa", {"text_a": "p", "choice1": "c", "choice2": "d", "question": "effect"}),
    ("wic", {"text_a": "p", "text_b": "q", "word": "w"}),
    ("multirc", {"question": "q", "answer": "a", "text_a": "p"}),
    ("cb", {"text_a": "p", "text_b": "q"}), ("rte_superglue", {"text_a": "p", "text_b": "q"}),
])
def test_further_columns_are_shown_as_t5_does(name: str, fields: dict[str, str]) -> None:
    example = Example(fields["text_a"], fields.get("text_b", ""), more=tuple(fields.items()))
    written = FORMATS[name].pattern().render(example).text(mask="")
    assert written == TASK_FORMATS[name].prompt(*fields.values())


@pytest.mark.parametrize(("prefix", "begins"), [
    ("auto", "sst2 sentence: It"), ("cola", "cola sentence: It"), ("none", "sentence: It"),
    ("Is {this} good?", "Is {this} good? sentence: It"), ("  two  blanks", "two  blanks sentence"),
])
def test_a_prefix_is_written_as_it_is(prefix: str, begins: str) -> None:
    for causal, end in ((False, "was."), (True, "was. target:")):
        pattern = FORMATS["sst2"].pattern(prefix, causal=causal)
        shown = pattern.render(Example("It was.")).text(mask="")
        assert shown.startswith(begins)
        assert shown.endswith(end)


@pytest.mark.parametrize(("task", "schema", "format_", "prefix"), [
    ("sst2", classification("a", "b"), "sst2", "auto"),
    ("snli", classification("a", "b", pairs=True), "mnli", "auto"),
    ("sst2", generation(), "own-name", "sst2:"),
    ("snli", classification("a", "b"), "own-name", "snli"),
    ("my data", classification("a", "b"), "own-name", "my data"),
    ("stsb", generation(pairs=True), "stsb", "auto"),
    ("anything", generation(columns=("context", "question")), "question", "auto"),
    ("xsum", generation(), "summarize", "auto"), ("restaurants", generation(), "describe", "auto"),
    ("copa", multiple_choice("choice1", "choice2", columns=("question",)), "copa", "auto"),
])
def test_a_run_holds_the_format_that_a_task_has(task: str, schema: Any, format_: str,
                                                prefix: str) -> None:
    rows = (Example("x", references=("y",)),)
    run, = runs_of(Task(task, schema, rows, rows))
    assert (run.options["format"], run.options["prefix"]) == (format_, prefix)
    assert fitting_format(task, schema) == format_


def test_equal_content_with_another_name_is_another_run() -> None:
    task = words()
    first, = runs_of(task)
    other, = runs_of(replace(task, name="other"))
    assert first.fingerprint != other.fingerprint


def test_zero_shot_is_one_run_whatever_shots_and_seeds() -> None:
    runs = runs_of(words(), seeds=(13, 21), options=[{"steps": 0}, {"steps": 2}])
    assert [(run.options["steps"], run.shots, run.seed) for run in runs] == [
        (0, 0, 13), (2, 4, 13), (2, 4, 21)]
    assert [run.trains for run in runs] == [False, True, True]


# Whole runs


@pytest.mark.parametrize(("kind", "rate", "steps"), [
    ("t5", 0.01, 60), ("bart", 0.005, 120), ("gpt2", 0.01, 60)])
def test_trained_answers_are_the_labels(kind: str, rate: float, steps: int,
                                        tiny_model_folder: Callable[..., Path],
                                        tmp_path: Path) -> None:
    result = done(words(), tiny_model_folder(kind), tmp_path / "model", shots=6, steps=steps,
                  batch_size=12, evaluate_every=20, learning_rate=rate, prefix="it")
    table = result.predictions
    assert result.metrics["accuracy"] >= 0.9
    assert result.metrics["invalid"] <= 0.1
    assert result.metrics["trained_parameters"] == result.metrics["stored_parameters"] > 0
    assert list(table) == ["text_a", "text_b", "gold", "predicted", "output", "score", "p:great",
                           "p:terrible"]
    right = table["predicted"] == table["gold"]
    assert (table["output"][right] == table["gold"][right]).all()
    again = load_predictor(tmp_path / "model", CPU)
    assert isinstance(again, TextToTextClassifier)
    assert again.write(words().test) == table["output"].tolist()


@pytest.mark.parametrize("kind", ["t5", "bart", "gpt2"])
def test_whatever_is_no_label_is_invalid_and_wrong(
        kind: str, tiny_model_folder: Callable[..., Path], tmp_path: Path) -> None:
    result = done(words(), tiny_model_folder(kind), tmp_path / "model", steps=0)
    table, n = result.predictions, len(words().test)
    invalid = ~table["output"].isin(["great", "terrible"])
    assert result.metrics["invalid"] == invalid.mean() > 0.9
    assert (table["predicted"] == "").tolist() == invalid.tolist()
    assert (table.loc[invalid, ["p:great", "p:terrible", "score"]] == 0).all(axis=None)
    assert result.metrics["accuracy"] == (table["predicted"] == table["gold"]).mean() < 0.1
    assert sum(map(sum, result.confusion)) == n - invalid.sum()
    assert not (tmp_path / "model").exists()  # nothing was trained


@pytest.mark.parametrize("kind", ["t5", "bart", "gpt2"])
def test_ranks_are_sums_of_the_tokens_log_probabilities(kind: str, tiny: Tiny) -> None:
    backbone, task = tiny(kind), words()
    predictor = asked(task, backbone, steps=0, answer="ranked")
    found, plain = predictor.scores(task.test), []
    for example in task.test:
        source = predictor.writer.sources([example])[0].ids
        plain += [_plain_score(backbone, source, target)
                  for target in predictor.writer.targets(["great", "terrible"])]
    wanted = torch.tensor(plain, dtype=torch.float64).reshape(-1, 2)
    torch.testing.assert_close(found, wanted, atol=2e-4, rtol=1e-5)
    log_probs = predictor.log_probs(task.test)
    np.testing.assert_allclose(np.exp(log_probs).sum(1), 1, atol=1e-5)
    np.testing.assert_allclose(log_probs, wanted.log_softmax(-1), atol=2e-4)


@torch.inference_mode()
def _plain_score(backbone: Backbone, source: list[int], target: list[int]) -> float:
    """The sum of a target's log-probabilities by transformers' own forward pass."""
    model: Any = backbone.model
    if backbone.family == "causal":
        logits = model(input_ids=torch.tensor([[*source, *target]])).logits[0, len(source) - 1:-1]
    else:
        given = [model.config.decoder_start_token_id, *target[:-1]]
        logits = model(input_ids=torch.tensor([source]),
                       decoder_input_ids=torch.tensor([given])).logits[0]
    return float(logits.log_softmax(-1)[torch.arange(len(target)), torch.tensor(target)].sum())


def test_ranked_runs_have_no_invalid_answers(tiny_model_folder: Callable[..., Path]) -> None:
    result = done(words(), tiny_model_folder("t5"), steps=0, answer="ranked")
    assert "invalid" not in result.metrics
    assert "output" not in result.predictions
    np.testing.assert_allclose(result.predictions[["p:great", "p:terrible"]].sum(axis=1), 1,
                               atol=1e-5)


def test_scores_are_written_in_fifths_and_read_as_numbers(
        tiny: Tiny, tiny_model_folder: Callable[..., Path]) -> None:
    backbone = tiny("t5")
    predictor = asked(scores(), backbone, steps=0)
    assert predictor.answers == "number"
    pairs = predictor.pairs(scores().train)
    written = ["2.4", "4.2", "0.0", "5.0"]  # halves go to the even fifth
    assert [pair.target for pair in pairs] == [
        backbone.tokenizer(text)["input_ids"] + [backbone.tokenizer.eos_token_id]
        for text in written]
    result = done(scores(), tiny_model_folder("t5"), steps=0)
    numbers = [is_number(text) for text in result.predictions["output"]]
    assert result.metrics["invalid"] == 1 - sum(numbers) / len(numbers)


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def test_what_is_no_number_cannot_be_a_score(tiny: Tiny) -> None:
    task = scores()
    odd = replace(task, train=(replace(task.train[0], references=("high",)),) * 4)
    problem = Problem(task.schema, (), draw_split(odd, 1, 1), tiny("t5"), 1)
    with pytest.raises(InputError, match="'high' is none"):
        check_method(method_named(NAME), problem, TextToTextOptions(format="stsb"))


def test_spans_are_written_set_apart_and_read_as_the_context_has_them(mini: Backbone) -> None:
    row = Example("x", more=(("question", "How much?"), ("context", "It cost $3.50 in 1999.")),
                  references=("$3.50",))
    task = Task("squad", generation(columns=("question", "context")), (row,), (row,))
    predictor = asked(task, mini, steps=0)
    assert (predictor.answers, predictor.decoding.beams) == ("span", 1)
    assert predictor.targets(["$3.50"]) == [mini.tokenizer("$ 3 . 50")["input_ids"]]
    assert method_named(NAME).columns(TextToTextOptions(format="question")) == (
        "question", "context")


@pytest.mark.parametrize(("given", "beams", "alpha"), [
    ({}, 4, 0.6), ({"beams": 1}, 1, 0.6), ({"length_penalty": 1.0}, 4, 1.0)])
def test_summaries_are_searched_with_gnmts_penalty(given: dict[str, object], beams: int,
                                                   alpha: float, tiny: Tiny) -> None:
    row = Example("a story", references=("story",))
    task = Task("xsum", generation(), (row,), (row,))
    decoding = asked(task, tiny("t5"), steps=0, format="summarize", **given).decoding
    assert (decoding.beams, decoding.length_penalty, decoding.normalisation) == (
        beams, alpha, "gnmt")


def test_multiple_choice_is_answered_by_the_choices_name(tiny: Tiny) -> None:
    row = Example("the dog", label="choice2", more=(
        ("choice1", "film"), ("choice2", "park"), ("question", "cause")))
    schema = multiple_choice("choice1", "choice2", columns=("question",))
    task = Task("copa", schema, (row,), (row,))
    predictor = asked(task, tiny("t5"), steps=0, format="copa", answer="ranked")
    assert predictor.words == (("choice1", "choice1"), ("choice2", "choice2"))
    assert predictor.log_probs(task.test).shape == (1, 2)
    with pytest.raises(InputError, match="such as COPA"):
        asked(task, tiny("t5"), steps=0, format="own-name")


@pytest.mark.parametrize(("task", "kind", "given", "said"), [
    (words(), "bert", {}, "works on seq2seq and causal"),
    (words(), "t5", {"format": "mnli", "steps": 0}, "this task has text_a"),
    (words(), "t5", {"format": "summarize", "steps": 0}, "Choose another format"),
    (words(), "t5", {}, "K is 0"),
])
def test_what_does_not_fit_is_said_at_once(task: Task, kind: str, given: dict[str, object],
                                           said: str, tiny: Tiny) -> None:
    with pytest.raises(InputError, match=said):
        asked(task, tiny(kind), **given)


# Elsewhere


@pytest.mark.parametrize("kind", ["t5", "gpt2"])
def test_the_readme_writes_the_same(
        kind: str, tiny_model_folder: Callable[..., Path], tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    done(words(), tiny_model_folder(kind), tmp_path / "model", shots=6, steps=40,
         evaluate_every=20, learning_rate=0.01)
    predictor = load_predictor(tmp_path / "model", CPU)
    text = readme(predictor, False, "A title")
    assert "`great`, `terrible`" in text
    (tmp_path / "model" / "ask.py").write_text(text.split("```python\n")[1].split("```")[0],
                                               encoding="utf-8")
    monkeypatch.chdir(tmp_path / "model")
    runpy.run_path("ask.py")
    assert isinstance(predictor, TextToTextClassifier)
    assert capsys.readouterr().out.strip() == predictor.write([Example("A source.")])[0]


def test_the_lab_sees_outputs_and_the_invalid_share_move_with_the_prefix(mini: Backbone) -> None:
    task = load_task("reviews")
    examples, shares = task.test[:12], {}
    for prefix in ("auto", "cola", "none"):
        question = text_question(task, mini.family, form="sst2", prefix=prefix)
        seen = written_answers(question, examples, mini)
        known = [output in ("negative", "positive") for output in seen.outputs]
        assert [label is not None for label in seen.labels] == known
        assert seen.invalid == 1 - sum(known) / len(known)
        assert seen.evaluation.metrics["invalid"] == seen.invalid
        right = [example.label == label for example, label in
                 zip(examples, seen.labels, strict=True)]
        assert seen.evaluation.value == sum(right) / len(right)
        predictor = asked(task, mini, steps=0, format="sst2", prefix=prefix)
        assert predictor.write(examples) == list(seen.outputs)
        shares[prefix] = seen.invalid
    assert shares["auto"] < shares["cola"]


def test_the_lab_asks_for_labels_alone(mini: Backbone) -> None:
    with pytest.raises(InputError, match="'stsb' has none"):
        text_question(scores(), mini.family)
