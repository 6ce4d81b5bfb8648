"""README, CITATION.cff, the other documents and the sample data agree with the tree."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
import yaml

from core.data.catalog import load_task
from core.data.split import draw_split
from core.runs.spec import StudySpec
from core.runs.study_file import read_study_file

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/results.md",
             "benchmarks/README.md")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?!https?:|#)([^)#]+)[^)]*\)")
TICKETS = ROOT / "examples" / "tickets.yaml"


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_to_files(name: str) -> None:
    linked = LINK.findall(read(name))
    assert [path for path in linked if not ((ROOT / name).parent / path).exists()] == []


def test_readme_links_to_further_documents() -> None:
    linked = set(LINK.findall(read("README.md")))
    assert {"docs/results.md", "CONTRIBUTING.md", "CHANGELOG.md", "CITATION.cff"} <= linked


def test_every_paper_number_in_the_readme_is_a_link() -> None:
    text = re.sub(r"\[[^\]]*\]\(https://arxiv\.org/abs/\d{4}\.\d{5}\)", "", read("README.md"))
    assert re.findall(r"\b\d{4}\.\d{5}\b", text) == []


def test_versions_agree() -> None:
    version = re.search(r'^version = "(.+)"$', read("pyproject.toml"), re.MULTILINE).group(1)
    assert yaml.safe_load(read("CITATION.cff"))["version"] == version
    heading = rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d$"
    assert re.search(heading, read("CHANGELOG.md"), re.MULTILINE)


def test_citation_names_authors_titles_and_licence() -> None:
    citation = yaml.safe_load(read("CITATION.cff"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["license"] == "Apache-2.0"
    assert {"message", "title", "authors"} <= citation.keys()
    for reference in citation["references"]:
        assert {"type", "title", "authors", "year", "url"} <= reference.keys()


def test_readme_shows_the_study_of_tickets_as_it_is() -> None:
    shown = re.search(r"```yaml\n(.*?)```", read("README.md"), re.DOTALL).group(1)
    assert yaml.safe_load(shown) == yaml.safe_load(TICKETS.read_text(encoding="utf-8"))


def test_tickets_are_balanced_and_all_different() -> None:
    task = load_task({"train": str(ROOT / "examples" / "tickets.csv")})
    examples = (*task.train, *task.test)
    assert Counter(example.label for example in examples) == {
        "account": 40, "billing": 40, "delivery": 40, "product": 40}
    assert len({" ".join(example.text_a.lower().split()) for example in examples}) == 160


def test_the_study_of_tickets_can_be_drawn() -> None:
    study = StudySpec.from_dict(read_study_file(TICKETS))
    task = load_task(study.task)
    assert len(study.runs(task)) == 19
    assert all(len(draw_split(task, 8, seed).train) == 32 for seed in study.seeds)
