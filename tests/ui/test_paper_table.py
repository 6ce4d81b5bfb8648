"""A paper's figures beside a study: both by K and method, and nothing where there is no paper."""

import re
from dataclasses import replace

import pytest

from core.metrics.significance import summarise
from core.runs.ready_made import PaperFigures, ReadyMade, ready_made
from ui.compare.paper_table import paper_table
from ui.languages import LANGUAGES


@pytest.fixture
def study() -> ReadyMade:
    return next(study for study in ready_made() if study.study.id.endswith(":lm-bff-trec"))


def _rows(html: str) -> list[list[str]]:
    return [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row)
            for row in re.findall(r"<tr.*?</tr>", html)]


def test_both_stand_under_the_method(study: ReadyMade) -> None:
    paper = PaperFigures("Large <model>", {16: 96},
                         {"head": {16: "88.8"}, "lm-bff": {16: "84.8 ± 5.1"}, "pet": {}})
    html = paper_table(replace(study, paper=paper), lambda text: text)
    head, here, there = _rows(html)
    assert head == ["", "head", "lm-bff", "pet"]
    ours = [summarise([100 * run.metrics["accuracy"]
                       for run in study.runs if run.spec.method == method
                       and not run.spec.options.get("demonstrations")])
            for method in ("head", "lm-bff")]
    assert here == ["here, K = 16", *(f"{summary.mean:.1f} ± {summary.sd:.1f}" for summary in ours),
                    ""]
    assert there == ["paper, 96 examples", "88.8", "84.8 ± 5.1", ""]
    assert "Large &lt;model&gt;" in html


def test_without_a_paper_there_is_nothing(study: ReadyMade) -> None:
    assert paper_table(replace(study, paper=None), lambda text: text) == ""


def test_it_speaks_chinese(study: ReadyMade) -> None:
    html = paper_table(study, lambda text: LANGUAGES.translate(text, "zh"))
    assert "论文自身的结果" in html
    assert "本应用，K = 16" in html
