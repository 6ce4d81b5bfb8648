"""`python -m core look`: one pattern about a text, or about a task's test part."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., tuple[int, str, str]]

TEXT = ("--text", "A fine film.")
SINGLE = "negative=terrible;positive=great"
SEVERAL = "negative=not worth seeing;positive=great"  # "not worth seeing" is three tokens
GENERATION = "source,target\n" + "".join(
    f"Report number {number} says that the harbour was closed.,Harbour closed for day {number}.\n"
    for number in range(6))


@pytest.fixture
def look(run: Run) -> Callable[..., tuple[int, str, str]]:
    """Asks about the task Reviews, unless another is given later."""
    def ask(*arguments: object) -> tuple[int, str, str]:
        return run("look", "--task", "reviews", "--pattern", "{text_a} It was {mask}.",
                   "--model", "mini-masked", *arguments)
    return ask


def document(answer: tuple[int, str, str]) -> dict[str, Any]:
    status, out, err = answer
    assert (status, err, out.count("\n")) == (0, "", 1)
    found: dict[str, Any] = json.loads(out)
    return found


def refusal(answer: tuple[int, str, str]) -> str:
    status, out, err = answer
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("cloze-lab: ")
    return err


@pytest.mark.parametrize("words", [
    SINGLE, SEVERAL, "negative=not good;positive=really great", "negative=bad,awful;positive=good",
])
def test_a_text_gets_label_probabilities(words: str, look: Run) -> None:
    found = document(look(*TEXT, "--words", words, "--json"))
    assert set(found) == {"tokens", "mask_positions", "top_words", "label_probabilities"}
    assert [found["tokens"][position] for position in found["mask_positions"]] == ["[MASK]"]
    assert list(found["label_probabilities"]) == ["negative", "positive"]
    assert sum(found["label_probabilities"].values()) == pytest.approx(1)
    assert found["label_probabilities"]["positive"] > 0.5


@pytest.mark.parametrize("words", [SINGLE, SEVERAL])
def test_a_text_is_shown_to_people(words: str, look: Run) -> None:
    status, out, err = look(*TEXT, "--words", words)
    assert (status, err) == (0, "")
    prompt, negative, positive, probable = out.splitlines()
    assert prompt.startswith("A fine film. It was ")
    assert (negative.split()[0], positive.split()[0]) == ("negative", "positive")
    assert probable.startswith("most probable words: ")


@pytest.mark.parametrize("words", [SINGLE, SEVERAL])
def test_test_examples_get_an_accuracy(words: str, look: Run) -> None:
    found = document(look("--limit", 8, "--words", words, "--json"))
    assert set(found) == {"accuracy", "n", "ci95", "confusion", "label_probabilities_mean",
                          "calibrated_accuracy"}
    assert (found["n"], sum(map(sum, found["confusion"]))) == (8, 8)
    low, high = found["ci95"]
    assert 0 <= low <= found["accuracy"] <= high <= 1
    assert look("--limit", 8, "--words", words)[1].startswith(f"accuracy {found['accuracy']:.1%} ")


@pytest.mark.parametrize("about", [TEXT, ("--limit", "8")], ids=["text", "examples"])
def test_a_seq2seq_model_refuses_words_of_several_tokens(about: tuple[str, str],
                                                         look: Run) -> None:
    arguments = (*about, "--pattern", "{text_a} It was {mask}", "--model", "mini-seq2seq")
    message = refusal(look(*arguments, "--words", SEVERAL))
    assert "The word 'not worth seeing' of the label 'negative' has 3 pieces" in message
    assert look(*arguments, "--words", SINGLE)[0] == 0


@pytest.mark.parametrize(("arguments", "message"), [
    (("--words", "negative=terrible"), "positive"),
    (("--words", SINGLE, "--pattern", "{text_a} It was"), "The pattern has no {mask}"),
    (("--words", SINGLE, "--pattern", "{text} {mask}"), "text"),
    (("--words", SINGLE, "--limit", "0"), "--limit is 0; it must be above 0."),
    (("--words", SINGLE, "--model", "mini"), "mini"),
    (("--words", SINGLE, "--task", "review"), "Did you mean 'reviews'"),
    (("--words", SINGLE, *TEXT, "--more", "colour: red"), "colour"),
])
def test_what_cannot_be_asked_is_one_line_and_status_2(arguments: tuple[str, ...], message: str,
                                                       look: Run) -> None:
    assert message in refusal(look(*arguments))


def test_a_file_is_a_task(tmp_path: Path, look: Run) -> None:
    path = tmp_path / "mine.csv"
    rows = "".join(f"Film {number} was {word}.,{word}\n"
                   for number in range(4) for word in ("great", "bad"))
    path.write_text(f"text,label\n{rows}", encoding="utf-8")
    found = document(look("--task", path, "--words", "bad=bad;great=great", "--json"))
    assert found["n"] == 4
    assert "'gone.csv'" in refusal(look("--task", tmp_path / "gone.csv"))


@pytest.fixture
def summaries(tmp_path: Path) -> Path:
    """A file of generation: six sources with one reference each."""
    path = tmp_path / "summaries.csv"
    path.write_text(GENERATION, encoding="utf-8")
    return path


@pytest.mark.parametrize("about", [(), TEXT, ("--limit", "2")], ids=["all", "text", "examples"])
@pytest.mark.parametrize("words", ["", SINGLE], ids=["without words", "with words"])
def test_a_model_that_fills_masks_writes_no_texts(about: tuple[str, ...], words: str,
                                                  summaries: Path, look: Run) -> None:
    arguments = ("--task", summaries, "--words", words, "--pattern", "{text_a} {mask}")
    message = refusal(look(*arguments, *about))
    assert "'mini-masked' fills single masks" in message
    assert "nothing may come after it" in refusal(
        look("--task", summaries, "--model", "mini-causal", *about))


@pytest.fixture
def write(look: Run, summaries: Path) -> Run:
    """Asks a small model to write summaries."""
    def ask(*arguments: object) -> tuple[int, str, str]:
        return look("--task", summaries, "--pattern", "summarize: {text_a} {mask}", "--model",
                    "mini-seq2seq", "--max-tokens", 12, *arguments)
    return ask


SOURCE = "Report number 4 says that the harbour was closed."


def test_a_text_is_written_for_a_source(write: Run) -> None:
    found = document(write("--text", SOURCE, "--json"))
    assert set(found) == {"tokens", "output", "references", "metrics"}
    assert found["tokens"][:2] == ["▁summarize", ":"]
    assert found["references"] == ["Harbour closed for day 4."]
    assert found["metrics"]["n"] == 1
    own = document(write("--text", "The harbour was opened again.", "--json"))
    assert (own["references"], own["metrics"]) == ([], {})
    status, out, _ = write("--text", SOURCE)
    assert status == 0
    assert f"output: {found['output']}\nreference: Harbour closed for day 4." in out


def test_texts_are_written_for_the_test_part(write: Run) -> None:
    found = document(write("--json"))
    assert set(found) == {"metrics", "n", "outputs"}
    assert (found["n"], len(found["outputs"])) == (3, 3)
    assert {"exact_match"} <= set(found["metrics"])
    assert document(write("--limit", 1, "--json"))["outputs"] == found["outputs"][:1]
    assert "over 3 examples" in write()[1]


def test_texts_are_written_in_several_ways(write: Run) -> None:
    texts = {document(write("--text", SOURCE, "--json", *way))["output"]
             for way in ((), ("--temperature", 2), ("--temperature", 2, "--seed", 14))}
    assert len(texts) == 3
    assert document(write("--text", SOURCE, "--beams", 3, "--json"))["output"]


@pytest.mark.parametrize(("arguments", "told"), [
    (("--beams", 17), "--beams is 17; it must be between 1 and 16."),
    (("--max-tokens", 0), "--max-tokens is 0; it must be between 1 and 512."),
    (("--top-p", 1.5), "--top-p is 1.5; it must be between 0 and 1."),
    (("--beams", 2, "--temperature", 1), "Beam search draws nothing"),
])
def test_a_way_of_writing_that_is_none_is_refused(arguments: tuple[str, ...], told: str,
                                                  write: Run) -> None:
    assert told in refusal(write(*arguments))


def test_multiple_choice_needs_no_words(tmp_path: Path, look: Run) -> None:
    path = tmp_path / "choices.csv"
    rows = "".join(f"Question {number}?,yes,no,choice{number % 2 + 1}\n"
                   for number in range(8))
    path.write_text(f"question,choice1,choice2,label\n{rows}", encoding="utf-8")
    found = document(look("--task", path, "--pattern", "{text_a} {mask}", "--json"))
    assert found["n"] == 4
    assert found["calibrated_accuracy"] is None
