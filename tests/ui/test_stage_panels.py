"""PET's and iPET's runs as people read them: cards for the stages, and curves by part."""

from dataclasses import replace
from typing import Any

import pytest

from core.runs.run import Run
from core.runs.spec import RunSpec
from ui.train.stage_panels import baseline_beside, curve_table, stages_panel

PATTERNS = ({"pattern": "{text_a} {mask}", "words": {}},
            {"pattern": "{mask}: {text_a}", "words": {}})
OPTIONS: dict[str, object] = {"steps": 4, "repetitions": 1, "student_steps": 6, "temperature": 2.0}
RUN = Run("abc", "s", "v",
          RunSpec("reviews", "h", "mini-masked", "d", "pet", PATTERNS, OPTIONS, 16, 13), "done",
          0.0, metrics={"accuracy": 0.6543})


def translate(text: str) -> str:
    return text


def model(pattern: str, **more: Any) -> dict[str, Any]:
    return {"stage": "model", "pattern": pattern,
            "words": {"bad": ["<awful>"], "good": ["great", "fine"]}, "repetition": 1,
            "seed": 13000, "before": 0.5, "dev_score": 0.75, **more}


LABELS = {"stage": "soft labels", "examples": 30, "entropy": 0.42,
          "histogram": [0, 0, 3, 0, 0, 0, 9, 0, 12, 6], "shares": {"bad": 0.4, "good": 0.6},
          "right": 0.7,
          "disputed": [{"text_a": "So <so>.", "text_b": "", "probabilities": [0.49, 0.51]}]}


def test_models_labels_and_outcome_are_shown() -> None:
    found = [model("{text_a} {mask}", test_accuracy=0.6),
             model("{mask}: {text_a}", test_accuracy=0.62), LABELS,
             {"stage": "ensemble", "test_accuracy": 0.645}]
    html = stages_panel(RUN, found, translate)
    for text in ("61.0 %", "64.5 %", "65.4 %", "&lt;awful&gt; / great, fine", "mean 0.42",
                 "30 unlabelled examples", "temperature 2.0", "So &lt;so&gt;.",
                 "good 51 % · bad 49 %", "70.0 %", "height:75%"):
        assert text in html, text
    assert "<awful>" not in html
    assert "Generation" not in html


def test_stages_that_have_not_come_are_not_shown() -> None:
    html = stages_panel(RUN, [model("{text_a} {mask}")], translate)
    assert "Models" in html
    assert "Soft labels" not in html
    assert "Accuracy on the test rows" not in html
    assert stages_panel(RUN, [], translate) == ""


def test_generations_show_growth_and_what_was_never_given() -> None:
    found = [model("{text_a} {mask}", generation=0, examples=32),
             model("{text_a} {mask}", generation=1, examples=160),
             {"stage": "generation", "generation": 1, "drawn": 128.0, "right": None,
              "missing": ["bad"]}]
    html = stages_panel(RUN, found, translate)
    assert "<td>1</td><td>128</td><td></td><td class=cl-number>75.0 %</td><td>bad</td>" in html
    assert html.index("<td>160</td>") < html.index("<td>32</td>")  # the latest first
    assert "given labels" not in html  # nobody knows how right they are
    assert 'aria-label="Examples a model learns from: 32, 160"' in html
    found[-1] |= {"right": 0.9, "missing": []}
    html = stages_panel(RUN, found, translate)
    assert "90.0 %" in html
    assert "given labels" in html
    assert "Never given" not in html


def test_curves_are_means_over_models_and_the_classifier_apart() -> None:
    points = [(2, 1.0, None), (4, 0.5, 0.7), (6, 3.0, None), (8, 1.5, 0.9), (11, 0.2, None),
              (14, 0.1, 0.95)]
    table = curve_table(RUN, points)
    assert table[["part", "step", "loss"]].values.tolist() == [
        ["models", 2, 2.0], ["models", 4, 1.0], ["classifier", 3, 0.2], ["classifier", 6, 0.1]]
    assert table["development score"].dropna().tolist() == pytest.approx([0.8, 0.95])
    grown = replace(
        RUN, spec=replace(RUN.spec, method="ipet", options={**OPTIONS, "generations": 1}))
    parts = curve_table(grown, [(1, 1.0, None), (9, 1.0, None), (17, 1.0, None)])["part"].tolist()
    assert parts == ["generation 0", "generation 1", "classifier"]


def test_other_curves_have_no_parts() -> None:
    plain = replace(RUN, spec=replace(RUN.spec, method="lm-bff"))
    table = curve_table(plain, [(1, 0.5, None), (2, 0.4, 0.8)])
    assert table["part"].tolist() == ["", ""]
    assert table["step"].tolist() == [1, 2]
    none_yet = curve_table(plain, [(1, 0.5, None)])
    assert none_yet["development score"].dtype == none_yet["loss"].dtype == float
    assert curve_table(RUN, []).empty


def test_plain_fine_tuning_on_the_same_examples_stands_beside() -> None:
    found = [model("{text_a} {mask}", test_accuracy=0.6), LABELS,
             {"stage": "ensemble", "test_accuracy": 0.6}]
    head = replace(RUN, id="h", spec=replace(RUN.spec, method="head", patterns=()),
                   metrics={"accuracy": 0.5123})
    others = [replace(head, metrics={"accuracy": 0.1}), head,
              replace(head, spec=replace(head.spec, seed=21)), replace(head, status="failed"), RUN]
    assert baseline_beside(RUN, others) == 0.5123
    assert baseline_beside(RUN, others[2:]) is None
    assert "51.2 %" in stages_panel(RUN, found, translate, baseline_beside(RUN, others))
    assert "head alone" not in stages_panel(RUN, found, translate)
