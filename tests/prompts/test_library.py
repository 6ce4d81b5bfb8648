"""The library of published patterns: every entry can be used as it stands."""

import json
from dataclasses import asdict, replace

import pytest

from core.data.catalog import task_card, task_cards
from core.data.task import Example, Schema, classification
from core.models.loading import load_backbone
from core.models.pieces import single_ids, word_ids
from core.models.placement import Placement
from core.prompts.dialects import read_lm_bff
from core.prompts.library import PublishedPVP, library_tasks, published_pvps, suggested
from core.prompts.pattern import Pattern
from core.prompts.pvp import PVP

ENTRIES = [entry for task in library_tasks() for entry in published_pvps(task)]
NAMES = [f"{entry.task}-{index}" for index, entry in enumerate(ENTRIES)]

UNCATALOGUED = {
    "xstance": "its hub copies need a loading script, which the datasets library no longer runs"
}
SEVERAL_PIECES = {
    "Nein": "German; the vocabulary is English", "Oui": "French; the vocabulary is English",
    **dict.fromkeys("很差好无或是故娱体财房车教科军旅股农电",
                    "Chinese; unknown to the English vocabulary"),
    **dict.fromkeys(task_card("tnews").schema.labels, "two characters for two masks"),
    **dict.fromkeys(("是的", "并且", "不是"), "two characters for two masks"),
}


def schema_of(task: str) -> Schema:
    """The schema of a library task; the columns of ReCoRD are found out when it is read."""
    if task in UNCATALOGUED:
        return classification("FAVOR", "AGAINST", pairs=True)
    schema = task_card(task).schema
    return replace(schema, columns=("before", "after")) if task == "record" else schema


@pytest.fixture(scope="module")
def bundled():
    return load_backbone("mini-masked", Placement("cpu", "float32"))


@pytest.mark.parametrize("entry", ENTRIES, ids=NAMES)
def test_entry_parses_and_is_written_back_unchanged(entry: PublishedPVP):
    assert str(Pattern.parse(entry.pattern, schema_of(entry.task).columns)) == entry.pattern


@pytest.mark.parametrize("entry", ENTRIES, ids=NAMES)
def test_entry_fits_its_task(entry: PublishedPVP):
    schema = schema_of(entry.task)
    pattern = PVP.of(entry.pattern, entry.words, schema).pattern
    assert pattern.fields >= ({"text_b"} if schema.pairs else {"text_a"})


@pytest.mark.parametrize("entry", ENTRIES, ids=NAMES)
def test_words_are_one_token_or_have_a_reason(entry: PublishedPVP, bundled):
    for word in (word for words in entry.words.values() for word in words):
        unknown = bundled.tokenizer.unk_token_id in word_ids(word, bundled)
        assert (len(word_ids(word, bundled)) == 1 and not unknown) == (
            word not in SEVERAL_PIECES
        ), word


@pytest.mark.parametrize("entry", ENTRIES, ids=NAMES)
def test_words_have_as_many_characters_as_masks_in_chinese(entry: PublishedPVP):
    chinese = {len(word) for words in entry.words.values() for word in words if not word.isascii()}
    assert chinese <= {Pattern.parse(entry.pattern, schema_of(entry.task).columns).masks}


@pytest.mark.parametrize("entry", ENTRIES, ids=NAMES)
def test_entry_names_its_source_and_becomes_json(entry: PublishedPVP):
    assert entry.source
    assert json.loads(json.dumps(asdict(entry)))["words"] == entry.words


def test_no_entry_occurs_twice():
    seen = [(entry.task, entry.pattern, json.dumps(entry.words)) for entry in ENTRIES]
    assert len(seen) == len(set(seen))


def test_every_catalogued_task_has_entries_and_every_entry_a_task():
    labelled = {card.name for card in task_cards() if card.schema.kind != "generation"}
    assert labelled == set(library_tasks()) - set(UNCATALOGUED)


COUNTS = {
    "yelp_full": 4,
    "ag_news_pairs": 6,
    "ag_news": 5,
    "yahoo": 6,
    "xstance": 6,
    "cb": 5,
    "boolq": 6,
    "wic": 3,
    "sst2": 1,
    "mpqa": 1,
    "trec": 1,
    "mnli": 5,
    "rte": 6,
}


@pytest.mark.parametrize(("task", "count"), COUNTS.items())
def test_all_published_pairs_of_a_task_are_there(task: str, count: int):
    assert len(published_pvps(task)) == count


RUN_SCRIPT = {
    "*cls**sent_0*_It_was*mask*.*sep+*": ("sst2", "sst5", "mr", "cr", "mpqa"),
    "*cls**sent_0*_This_is*mask*.*sep+*": ("cola", "subj"),
    "*cls**mask*:*+sent_0**sep+*": ("trec",),
    "*cls**sent-_0*?*mask*,*+sentl_1**sep+*": ("snli", "qnli"),
    "*cls**sent_0**mask*,*+sentl_1**sep+*": ("mrpc", "qqp"),
}


@pytest.mark.parametrize(("template", "tasks"), RUN_SCRIPT.items())
def test_lm_bff_patterns_are_those_of_its_run_script(template: str, tasks: tuple[str, ...]):
    for task in tasks:
        assert Pattern.parse(published_pvps(task)[0].pattern) == read_lm_bff(template)


RENDERED = [
    ("sst2", 0, "A film. It was ____."),
    ("yelp_full", 1, "A film.. All in all, it was ____."),
    ("ag_news_pairs", 2, "A film. (____) It ends."),
    ("yahoo", 1, "____ Question: A film. It ends."),
    ("mnli", 0, "A film? ____, it ends."),
    ("mnli", 1, '"A film"? ____, "It ends."'),
    ("rte", 1, '"It ends"? ____, "A film."'),
    ("qqp", 0, "A film. ____, it ends."),
]


@pytest.mark.parametrize(("task", "index", "expected"), RENDERED)
def test_published_pattern_renders_as_in_the_paper(task: str, index: int, expected: str):
    prompt = Pattern.parse(published_pvps(task)[index].pattern).render(
        Example("A film.", "It ends.")
    )
    assert " ".join(prompt.text().split()) == expected


SUGGESTED = [
    ("reviews", ("negative", "positive"), False, published_pvps("reviews")),
    ("my data", ("positive", "negative"), False, published_pvps("reviews")),
    ("my pairs", ("neutral", "entailment", "contradiction"), True, published_pvps("entailment")),
    ("snli", ("entailment", "neutral", "contradiction"), True, published_pvps("snli")),
    ("nothing like it", ("red", "green"), False, None),
    ("reviews", ("0", "1"), False, None),
    ("many pairs", ("Not_Same", "same"), True, None),
    ("alike", ("a_b", "a b"), False, None),
]


@pytest.mark.parametrize(("name", "labels", "pairs", "expected"), SUGGESTED)
def test_suggestions_fit_the_task(
    name: str, labels: tuple[str, ...], pairs: bool, expected: list[PublishedPVP] | None
):
    schema = classification(*labels, pairs=pairs)
    found = suggested(name, schema)
    assert expected is None or found == expected
    for entry in found:
        assert PVP.of(entry.pattern, entry.words, schema).verbalizer.labels == labels


def test_generic_suggestions_use_the_labels_in_plain_words():
    words = suggested("x", classification("Very_Good", "not-good"))[0].words
    assert words == {"Very_Good": ["very good"], "not-good": ["not good"]}


def test_suggested_words_of_bundled_tasks_are_known_to_the_bundled_model(bundled):
    for task in ("reviews", "headlines", "questions", "entailment"):
        for entry in published_pvps(task):
            assert single_ids(
                [(label, word) for label in entry.words for word in entry.words[label]], bundled
            )
