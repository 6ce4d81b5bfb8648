"""Languages are data: a file has all texts that the app shows and no others."""

from __future__ import annotations

import json
import string
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import gradio as gr
import pytest
from shown_texts import Module, by_value, known_texts, modules_of_the_app, shown_texts

from ui.feedback import translator
from ui.languages import FOLDER, I18N, LANGUAGES, Languages, label

FILES = sorted(FOLDER.glob("*.json"))
Texts = Mapping[str, str]


def missing(texts: Texts) -> set[str]:
    """What the app shows and the language lacks."""
    return {text for text in shown_texts() if not texts.get(text, "").strip()}


def unused(texts: Texts) -> set[str]:
    """What the language has and nothing ever shows."""
    return set(texts) - known_texts()


def unlike(texts: Texts) -> set[str]:
    """Texts whose translations have other placeholders."""
    return {text for text, translation in texts.items()
            if placeholders(text) != placeholders(translation)}


def placeholders(text: str) -> list[tuple[str, str, str]]:
    """The open values of a template with how they are written, in any order."""
    parts = string.Formatter().parse(text)
    return sorted((name, form or "", conversion or "")
                  for _, name, form, conversion in parts if name is not None)


def untidy(texts: str) -> bool:
    """Whether a file is not as written: sorted, without doubles, in letters, not escapes."""
    return texts != json.dumps(json.loads(texts), ensure_ascii=False, indent=1,
                               sort_keys=True) + "\n"


CHECKS: tuple[Callable[[Texts], set[str]], ...] = (missing, unused, unlike)


def test_there_are_languages() -> None:
    assert {path.stem for path in FILES} >= {"zh"}
    assert set(LANGUAGES.texts) == {path.stem for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_language_says_what_the_app_shows(check: Callable[[Texts], set[str]],
                                                path: Path) -> None:
    assert check(json.loads(path.read_text(encoding="utf-8"))) == set()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_files_are_tidy(path: Path) -> None:
    assert not untidy(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("check", "change", "found"), [
    (missing, {"Pattern": None}, {"Pattern"}),
    (missing, {"{n} rows": " "}, {"{n} rows"}),
    (missing, {"There is no file {name!r}. Check its name and place.": None},
     {"There is no file {name!r}. Check its name and place."}),
    (missing, {"learning rate": None, "interrupted": None}, {"learning rate", "interrupted"}),
    (unused, {"Nobody shows this.": "没有"}, {"Nobody shows this."}),
    (unlike, {"{n} rows": "{m} 行"}, {"{n} rows"}),
    (unlike, {"{n} rows": "行"}, {"{n} rows"}),
    (unlike, {"{n} rows": "{n!r} 行"}, {"{n} rows"}),
])
def test_each_check_finds_a_breach(check: Callable[[Texts], set[str]],
                                   change: Mapping[str, str | None], found: set[str]) -> None:
    changed = {**LANGUAGES.texts["zh"], **change}
    assert check(
        {text: translation
         for text, translation in changed.items() if translation is not None}) == found


@pytest.mark.parametrize(
    "text", ['{"b": "2", "a": "1"}\n', '{\n "a": "1",\n "a": "2"\n}\n', '{\n "a": "\\u884c"\n}\n'])
def test_an_untidy_file_is_found(text: str) -> None:
    assert untidy(text)


# What the source shows


@pytest.mark.parametrize(("source", "texts"), [
    ('gr.Button(label("Keep it"))', {"Keep it"}),
    ('translator(request)("One " "text")', {"One text"}),
    ('def f(translate):\n    return translate("one run" if n == 1 else "several runs")',
     {"one run", "several runs"}),
    ('_HINT = ("A "\n         "hint.")\nshown = label(_HINT)', {"A hint."}),
    ('TITLES = {"a": "First", "b": "Second"}\nshown = translate(TITLES[name])',
     {"First", "Second"}),
    ('TITLES = {"a": "First", "b": "Second"}\nshown = translate(TITLES["b"])', {"Second"}),
    ('TITLES = {"a": "First"}\nshown = translate(TITLES.get(name, "None"))', {"First", "None"}),
    ('heads = [translate(name) for name in ("Method", *(["Pattern"] if many else []))]',
     {"Method", "Pattern"}),
    ('shown = [label(text) for key, text in (("csv", "As CSV"), ("json", "As JSON"))]',
     {"As CSV", "As JSON"}),
    ('for at, (key, text) in enumerate({"a": "Open"}.items()):\n    label(text)', {"Open"}),
    ('def f(heads, translate):\n    return [translate(each) for each in heads]\nf(("K", "Seed"), '
     'translate)', {"K", "Seed"}),
    ('class A:\n    def f(self, done):\n        translate(done)\n    def g(self):\n        '
     'self.f("Renamed.")', {"Renamed."}),
    ('def f():\n    return "Found"\ntranslate(f())', {"Found"}),
    ('_BEATS = "{a} beats {b}"\nsentence(translate, _BEATS if clear else "{a} or {b}", a=1, b=2)',
     {"{a} beats {b}", "{a} or {b}"}),
    ('raise DataError("No file {name!r}.", name=name)', {"No file {name!r}."}),
    ('found.append(Finding("note", "{count} rows", {"count": 1}))', {"{count} rows"}),
    ('Failure("killed", "It was ended {times} times.", {"times": 2})',
     {"It was ended {times} times."}),
    ('from core.figures.wording import NOTHING\ntranslate(NOTHING)',
     {"No finished runs to show yet."}),
    ('gr.Dropdown(elem_id="task", value="reviews")', set()),
    ('raise ValueError("for developers")', set()),
    ('translate(" · ")', set()),
])
def test_shown_texts_are_found(source: str, texts: set[str]) -> None:
    assert set().union(*(place.texts for place in Module(source).shown())) == texts


def unknown(modules: Mapping[str, Module]) -> Iterator[str]:
    """Values that are shown though nothing says what texts they can be."""
    known = by_value()
    for name, module in modules.items():
        yield from (f"{name}:{place.line}: {value}" for place in module.shown()
                    for value in place.values - set(known))


def test_all_shown_values_are_known() -> None:
    assert list(unknown(modules_of_the_app())) == []


def test_an_unknown_value_is_found() -> None:
    assert list(unknown({"ui.a": Module("x = 1\ntranslate(run.mood)")})) == ["ui.a:2: mood"]


def test_what_the_app_imports_is_read() -> None:
    modules = set(modules_of_the_app())
    assert {"ui.lab.tab", "core.methods.pet", "core.runs.workers",
            "core.figures.wording"} <= modules
    outside = ("core.pretraining", "core.commands", "core.__main__")
    assert not any(name.startswith(outside) for name in modules)


# Which language a visitor reads


@pytest.fixture
def with_german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Languages:
    """The languages of a folder in which somebody has put one more file."""
    for path in FILES:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "de.json").write_text(json.dumps({"Pattern": "Muster"}), encoding="utf-8")
    (tmp_path / "pt-BR.json").write_text(json.dumps({"Pattern": "Padrão"}), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("no language", encoding="utf-8")
    languages = Languages.read(tmp_path)
    monkeypatch.setattr("ui.feedback.LANGUAGES", languages)
    return languages


@pytest.mark.parametrize(("accepted", "text"), [
    ("de", "Muster"), ("de-AT,de;q=0.9,en;q=0.8", "Muster"), ("DE-at", "Muster"),
    ("fr, de;q=0.5", "Muster"), ("zh-TW,zh;q=0.9", "模式"), ("zh-Hant-HK", "模式"), ("zh", "模式"),
    ("pt-BR", "Padrão"), ("en;q=0.1, zh; q=0.9", "模式"), ("zh;q=0.5,de;q=0.7", "Muster"),
    ("en-GB,zh;q=0.9", "Pattern"), ("zh;q=0, en", "Pattern"), ("pt-PT", "Pattern"),
    ("fr", "Pattern"), ("*", "Pattern"), ("", "Pattern"), ("dea", "Pattern"),
    (";;q=,zh;q=high", "Pattern"),
])
def test_a_visitor_is_answered_in_the_language_of_the_browser(with_german: Languages, accepted: str,
                                                              text: str) -> None:
    assert translator(gr.Request(headers={"accept-language": accepted}))("Pattern") == text


def test_without_a_request_all_is_english() -> None:
    assert translator(None)("Pattern") == translator(gr.Request(headers={}))("Pattern") == "Pattern"


def test_a_further_file_is_a_further_language(with_german: Languages) -> None:
    assert set(with_german.texts) == {path.stem for path in FILES} | {"de", "pt-BR"}
    translations = with_german.for_browser().translations
    assert translations["de"] == {"Pattern": "Muster"}
    assert translations["zh"]["Pattern"] == "模式"
    assert translations["en"]["Pattern"] == "Pattern"
    assert with_german.translate("Label words", "de") == "Label words"


def test_labels_are_translated_in_the_browser() -> None:
    assert label("Pattern").key == "Pattern"
    assert label("a name of somebody's own") == "a name of somebody's own"
    assert I18N.translations["zh"] == LANGUAGES.texts["zh"]
