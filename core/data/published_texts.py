"""The published tasks of the catalogue whose answers are texts: where they are on the hub."""

from __future__ import annotations

from core.data.card import HubSource, TaskCard
from core.data.columns import ColumnMap
from core.data.task import generation

_FORMED = ColumnMap("source", None, target="target")  # as `in_one_form` makes them

TEXTS: tuple[TaskCard, ...] = (
    TaskCard(
        "e2e",
        "E2E",
        "Say in a sentence or two what a few fields tell of a restaurant; several references.",
        generation(),
        hub=HubSource("tuetschek/e2e_nlg", _FORMED),
        paper="Novikova et al., 2017",
        licence="CC BY-SA 4.0",
    ),
    TaskCard(
        "webnlg",
        "WebNLG",
        "Say what triples of a knowledge base tell, in categories seen and unseen in training.",
        generation(columns=("category",)),
        hub=HubSource("webnlg-challenge/web_nlg", _FORMED, config="release_v3.0_en"),
        paper="Gardent et al., 2017",
        licence="CC BY-NC-SA 4.0",
    ),
    TaskCard(
        "dart",
        "DART",
        "Say what triples from tables of all kinds tell; the category is their origin.",
        generation(columns=("category",)),
        hub=HubSource("Yale-LILY/dart", _FORMED),
        paper="Nan et al., 2021",
        licence="MIT; parts CC BY-SA and CC BY-NC-SA",
    ),
    TaskCard(
        "xsum",
        "XSum",
        "Sum up a news article in one sentence.",
        generation(),
        hub=HubSource("EdinburghNLP/xsum", ColumnMap("document", None, target="summary")),
        paper="Narayan et al., 2018",
    ),
    TaskCard(
        "squad",
        "SQuAD",
        "Answer a question by words of the text that it is about.",
        generation(columns=("question", "context")),
        hub=HubSource("rajpurkar/squad", _FORMED, test="validation"),
        paper="Rajpurkar et al., 2016",
        licence="CC BY-SA 4.0",
    ),
    TaskCard(
        "stsb",
        "STS-B",
        "How similar are two sentences in meaning, from 0 to 5? The number is written as a text.",
        generation(columns=("sentence1", "sentence2")),
        hub=HubSource("nyu-mll/glue", _FORMED, config="stsb", test="validation"),
        paper="Cer et al., 2017",
    ),
)
