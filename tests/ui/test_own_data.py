"""The wizard for a person's own data, called with real files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pandas as pd
import pytest

from core.errors import DataError
from core.models.loading import BackboneCache
from core.models.placement import Placement
from core.runs.folder import DataFolder
from core.settings import Settings
from ui.data_panels import as_choice
from ui.own_data.wizard import OwnData, task_choices
from ui.services import Services
from ui.session import Session

ENGLISH, CHINESE = (gr.Request(headers={"accept-language": language})
                    for language in ("en-GB", "zh-CN,zh"))
ROWS = [(f"The {thing} was {word}.", label) for at in range(40) for thing in (f"film {at}",)
        for word, label in (("awful", 0), ("great", 1))]
CACHE = BackboneCache(Placement("cpu", "float32"))
NOTHING = [None, None, None, "", "", "", ""]  # no files, no paths, no hub id


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The same table in every format and several encodings, and files that are none."""
    tmp_path = tmp_path_factory.mktemp("files")
    table = pd.DataFrame(ROWS, columns=["review", "label"])
    table.to_csv(tmp_path / "shop.csv", index=False)
    table.to_csv(tmp_path / "wide.tsv", sep="\t", index=False, encoding="utf-16")
    table.to_json(tmp_path / "shop.jsonl", orient="records", lines=True)
    table.to_parquet(tmp_path / "shop.parquet")
    table.replace("great", "很好", regex=True).to_csv(tmp_path / "gb.csv", index=False,
                                                    encoding="gb18030", sep=";")
    (tmp_path / "broken.csv").write_text('text,label\n"never closed,1\n', encoding="utf-8")
    (tmp_path / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "more.txt").write_text("One more text.\nAnother one here.\n", encoding="utf-8")
    return {path.name: str(path) for path in tmp_path.iterdir()}


@pytest.fixture(scope="module")
def open_wizard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., OwnData]]:
    """Opens the wizard on a host with the given settings."""
    folder = tmp_path_factory.mktemp("data")
    data = DataFolder(folder)

    def opened(**settings: Any) -> OwnData:
        services = Services(Settings(data_folder=folder, device="cpu", **settings), CACHE,
                            data.store)
        with gr.Blocks():
            state = [gr.BrowserState([], storage_key=key) for key in ("v", "a", "o")]
            chosen = (gr.Dropdown(), gr.Dropdown(), gr.Textbox())
            return OwnData(services, Session(state[0], *chosen, *state[1:]))

    yield opened
    data.close()


@pytest.fixture(scope="module")
def wizard(open_wizard: Callable[..., OwnData]) -> OwnData:
    return open_wizard()


def uploads(train: str, test: str | None = None, unlabelled: str | None = None) -> list[Any]:
    return ["files", train, test, unlabelled, *NOTHING[3:]]


def read(wizard: OwnData, places: list[Any],
         chosen: tuple[Any, ...] = (None, None, None, "", [])) -> list[Any]:
    return wizard.read(ENGLISH, "", *places, *chosen)


def values(found: list[Any]) -> list[Any]:
    """What `read` puts into the boxes for text, second text, label and name."""
    return [update.get("value", update) if isinstance(update, dict) else update
            for update in found[3:7]]


@pytest.mark.parametrize(("name", "facts"), [
    ("shop.csv", "80 rows · 2 columns · utf-8 · comma"),
    ("wide.tsv", "80 rows · 2 columns · utf-16-le · tab"),
    ("shop.jsonl", "80 rows · 2 columns · utf-8"), ("shop.parquet", "80 rows · 2 columns"),
    ("gb.csv", "80 rows · 2 columns · gb18030 · semicolon"),
])
def test_every_format_is_previewed_with_guessed_columns(name: str, facts: str, wizard: OwnData,
                                                        files: dict[str, str]) -> None:
    found = read(wizard, uploads(files[name]))
    assert f"{name}: {facts}<" in found[1]
    assert len(found[2]) == 8
    assert values(found) == ["review", "", "label", name.partition(".")[0]]


@pytest.mark.parametrize(("name", "expected"),
                         [("broken.csv", "is never closed"), ("photo.png", "is a picture")])
def test_a_bad_file_gives_a_message_and_loses_nothing(name: str, expected: str, wizard: OwnData,
                                                      files: dict[str, str]) -> None:
    for places in (uploads(files[name]), uploads(files["shop.csv"], files[name])):
        found = read(wizard, places)
        assert expected in found[1]
        assert "Traceback" not in found[1]
    assert read(wizard, uploads(files[name]))[2:] == [gr.skip()] * 7


def test_columns_that_were_chosen_stay(wizard: OwnData, files: dict[str, str]) -> None:
    found = read(wizard, uploads(files["shop.csv"]), ("label", "", "review", "My data", []))
    assert values(found) == ["label", "", "review", gr.skip()]


def check(wizard: OwnData, places: list[Any], *chosen: Any) -> list[Any]:
    return wizard.check(ENGLISH, "mini-masked", *places, *chosen)


def test_data_is_checked_while_it_is_chosen(wizard: OwnData, files: dict[str, str]) -> None:
    findings, balance, labels, button = check(wizard, uploads(files["shop.csv"]), "review", "",
                                              "label", "", [])
    assert "The largest possible K is 10" in findings
    assert "tokens in the middle (median)" in findings
    assert "20 · 50.0 %" in balance
    assert labels["value"]["data"] == [["0", "0"], ["1", "1"]]
    assert button["interactive"]


def test_what_stands_in_the_way_disables_the_button(wizard: OwnData, files: dict[str, str]) -> None:
    for chosen in (("review", "", "", "", []), ("label", "", "label", "", []),
                   ("gone", "", "label", "", [])):
        findings, balance, _, button = check(wizard, uploads(files["shop.csv"]), *chosen)
        assert "cl-problem" in findings
        assert (balance, button["interactive"]) == ("", False)


def test_an_unknown_model_does_not_stop_the_checks(wizard: OwnData, files: dict[str, str]) -> None:
    findings = wizard.check(ENGLISH, "no/such-model", *uploads(files["shop.csv"]), "review", "",
                            "label", "", [])[0]
    assert "characters in the middle" in findings


def test_findings_are_escaped_and_translated(wizard: OwnData, tmp_path: Path) -> None:
    rows = "".join(f"<b>{at}</b>,<i>{'one' if at % 2 else 'two'}</i>\n" for at in range(20))
    (tmp_path / "x.csv").write_text(f"text,label\n{rows}", encoding="utf-8")
    chosen = [*uploads(str(tmp_path / "x.csv")), "text", "", "label", "", []]
    findings, balance, *_ = wizard.check(CHINESE, "mini-masked", *chosen)
    assert "K 最大为 2" in findings
    assert "&lt;i&gt;one&lt;/i&gt;" in findings + balance
    assert "<i>" not in findings + balance


def keep(wizard: OwnData, own: list[list[str]], places: list[Any], *chosen: Any) -> list[Any]:
    return wizard.keep(ENGLISH, own, *places, *chosen)


def test_the_data_becomes_a_task_in_the_dropdown(wizard: OwnData, files: dict[str, str]) -> None:
    places = uploads(files["shop.csv"], None, files["more.txt"])
    own, task, mine, note, chosen = keep(wizard, [["old", "own:0"]], places, "review", "", "label",
                                         "Mine",
                                 [["0", "bad"], ["1", "good"]])
    assert own == [["Mine", task["value"]], ["old", "own:0"]]
    assert chosen != keep(wizard, [], places, "review", "", "label", "Mine", [])[4]
    assert task["choices"][0] == ("★ Mine", mine["value"])
    assert "40 rows to draw from and 40 to test on" in note
    made = wizard.services.task(task["value"])
    assert (made.name, made.schema.labels, len(made.unlabelled)) == ("Mine", ("bad", "good"), 2)


def test_equal_data_is_kept_once_for_each_name(wizard: OwnData, files: dict[str, str]) -> None:
    chosen = [wizard.keep(ENGLISH, [], *uploads(files[name]), "review", "", "label", called,
                          [])[1]["value"]
              for name, called in (("shop.csv", "a"), ("shop.jsonl", "a"), ("shop.csv", "b"))]
    assert chosen[0] == chosen[1] != chosen[2]
    assert len({wizard.services.task(choice).content_hash for choice in chosen}) == 1


def test_pairs_are_kept_as_pairs(wizard: OwnData, tmp_path: Path) -> None:
    rows = [{"premise": f"A man {at} eats.", "hypothesis": f"He {at}\n\"eats\"",
             "gold_label": "ny"[at % 2]}
            for at in range(12)]
    (tmp_path / "pairs.json").write_text(json.dumps(rows), encoding="utf-8")
    places = uploads(str(tmp_path / "pairs.json"))
    assert values(read(wizard, places)) == ["premise", "hypothesis", "gold_label", "pairs"]
    choice = keep(wizard, [], places, "premise", "hypothesis", "gold_label", "", [])[1]["value"]
    task = wizard.services.task(choice)
    assert task.schema.pairs
    assert {example.text_b
            for example in (*task.train, *task.test)} == {row["hypothesis"] for row in rows}


@pytest.mark.parametrize(("places", "chosen", "expected"), [
    (["files", *NOTHING], ("", "", "", "", []), "There is no data yet"),
    (["files", *NOTHING], (None, None, None, None, None), "There is no data yet"),
])
def test_without_data_nothing_is_kept(places: list[Any], chosen: tuple[Any, ...], expected: str,
                                      wizard: OwnData) -> None:
    found = keep(wizard, [], places, *chosen)
    assert expected in found[3]
    assert [*found[:3], found[4]] == [gr.skip()] * 4


def test_a_bad_further_file_keeps_nothing(wizard: OwnData, files: dict[str, str]) -> None:
    places = uploads(files["shop.csv"], files["broken.csv"])
    assert "never closed" in keep(wizard, [], places, "review", "", "label", "", [])[3]
    assert not check(wizard, places, "review", "", "label", "", [])[3]["interactive"]


def test_the_list_of_own_data(wizard: OwnData) -> None:
    own = [["a", "own:1"], ["text", "own:2"]]
    row, mine = wizard.list_own(own, "own:2")
    assert (row["visible"], mine["value"],
            mine["choices"][1]) == (True, "own:2", (as_choice("text")[0], "own:2"))
    kept, task, note, chosen = wizard.remove(ENGLISH, own, "own:2", "own:2")
    assert (kept, task["value"]) == (own[:1], "reviews")
    assert "Runs on it stay" in note
    assert isinstance(chosen, str)
    assert "value" not in wizard.remove(ENGLISH, own, "own:2", "reviews")[1]
    assert wizard.remove(ENGLISH, own, "own:2", "reviews")[3] == gr.skip()
    assert wizard.rename(ENGLISH, own, "own:1", " b ")[0] == [["b", "own:1"], own[1]]
    assert wizard.rename(ENGLISH, own, "own:1", " ")[0] == gr.skip()
    assert wizard.list_own([], "own:2")[0]["visible"] is False


def test_files_of_the_computer_are_read_by_their_path(wizard: OwnData,
                                                      files: dict[str, str]) -> None:
    places = ["paths", None, None, None, files["shop.csv"], files["gb.csv"], "/no/such.csv", ""]
    found = read(wizard, places)
    assert "shop.csv: 80 rows" in found[1]
    assert "There is no file &#x27;such.csv&#x27;" in found[1]


def test_strangers_reach_no_files_of_the_server(open_wizard: Callable[..., OwnData],
                                                files: dict[str, str]) -> None:
    wizard = open_wizard(public=True, hub_data=("none",))
    for places in (["paths", None, None, None, files["shop.csv"], "", "", ""],
                   ["hub", None, None, None, "", "", "", str(Path(files["shop.csv"]).parent)]):
        assert "not offered here" in read(wizard, places)[1]
    assert wizard.sources.kinds == ["files"]
    asked = open_wizard(public=True, hub_data=())
    expected = read(asked, ["hub", None, None, None, "", "", "",
                            str(Path(files["shop.csv"]).parent)])[1]
    assert "Folders of the server cannot be used" in expected
    for path in ("examples/tickets.csv", "none.csv", "core/../README.md", files["shop.csv"]):
        with pytest.raises(DataError, match="of the server cannot be used"):
            asked.services.task(path)


@pytest.mark.parametrize(("name", "expected"), [
    ("owner/unreachable", "the hub cannot be reached"),
    ("no such name!", "neither a folder here nor"),
])
def test_a_hub_id_that_cannot_be_reached_is_reported(name: str, expected: str,
                                                     wizard: OwnData) -> None:
    found = read(wizard, ["hub", None, None, None, "", "", "", name])
    assert expected in found[1]
    assert found[2:] == [gr.skip()] * 7


def test_a_data_set_in_the_hubs_layout_keeps_its_name_unless_changed(
        wizard: OwnData, files: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    (folder / "train.csv").write_text(Path(files["shop.csv"]).read_text(encoding="utf-8"),
                                      encoding="utf-8")
    places = ["hub", None, None, None, "", "", "", str(folder)]
    assert values(read(wizard, places))[:3] == ["review", "", "label"]
    same = keep(wizard, [], places, "review", "", "label", "", [["0", "0"], ["1", "1"]])
    assert same[1]["value"] == str(folder)
    renamed = keep(wizard, [], places, "review", "", "label", "", [["0", "bad"], ["1", "good"]])
    assert renamed[1]["value"].startswith("own:")


def test_task_choices_begin_with_own_data() -> None:
    assert task_choices([["Mine", "own:1"]])[0] == ("★ Mine", "own:1")
    assert ("reviews" in dict(map(reversed, task_choices([]))))  # type: ignore[arg-type]


def test_sources_and_targets_become_a_task_whose_answers_are_texts(
        wizard: OwnData, tmp_path: Path) -> None:
    path = tmp_path / "venues.csv"
    path.write_text("source,target\n" + "".join(f"place {at},This is place {at}.\n"
                                                for at in range(8)), encoding="utf-8")
    places = uploads(str(path), None, None)
    _, _, _, text_a, text_b, answer, *_ = read(wizard, places)
    assert (text_a["value"], text_b["value"], answer["value"]) == ("source", "", "target")
    _, task, _, note, _ = keep(wizard, [], places, "source", "", "target", "", [])
    made = wizard.services.task(task["value"])
    assert (made.schema.kind, len(made.train), len(made.test)) == ("generation", 4, 4), note


def test_published_data_show_sources_and_targets(wizard: OwnData, tmp_path: Path) -> None:
    path = tmp_path / "halls.xml"
    entries = (f'<entry category="Hall"><modifiedtripleset><mtriple>Hall {at} | age | {at} years'
               f'</mtriple></modifiedtripleset><lex comment="good">Hall {at} is {at} years old.'
               f'</lex></entry>' for at in range(8))
    path.write_text(f"<benchmark><entries>{''.join(entries)}</entries></benchmark>")
    places = uploads(str(path))
    found = read(wizard, places)
    assert values(found) == ["source", "", "target", "halls"]
    assert list(found[2].columns) == ["source", "target", "category"]
    assert found[2].source[0] == "| Hall 0 : age : 0 years"
    findings, _, _, button = check(wizard, places, "source", "", "target", "", [])
    assert "was read as WebNLG" in findings
    assert button["interactive"]
    _, task, *_ = keep(wizard, [], places, "source", "", "target", "", [])
    made = wizard.services.task(task["value"])
    assert made.schema.columns == ("category",)
    assert made.train[0].text_a.startswith("| Hall")


def test_long_answers_in_any_column_are_texts(wizard: OwnData, tmp_path: Path) -> None:
    path = tmp_path / "letters.csv"
    path.write_text("notes,letter\n" + "".join(
        f"visit {at},Dear all: on the morning of day {at} we shall come and look at the hall.\n"
        for at in range(8)), encoding="utf-8")
    places = uploads(str(path))
    _, task, *_ = keep(wizard, [], places, "notes", "", "letter", "", [])
    made = wizard.services.task(task["value"])
    assert (made.schema.kind, len(made.train)) == ("generation", 4)
    assert made.train[0].text_a.startswith("visit")
