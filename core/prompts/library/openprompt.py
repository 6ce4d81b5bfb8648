"""Pairs for tasks that neither PET nor LM-BFF has, from OpenPrompt's scripts (arXiv 2111.01998).

Numbers are lines of its template files, from 0.
"""

from __future__ import annotations

from core.prompts.library.entry import PublishedPVP, numbered

_KINDS = {
    "company": ["company"],
    "school": ["school"],
    "artist": ["artist"],
    "athlete": ["athlete"],
    "politician": ["politics"],
    "transportation": ["transportation"],
    "building": ["building"],
    "nature": ["river"],
    "village": ["village"],
    "animal": ["animal"],
    "plant": ["plant"],
    "album": ["album"],
    "film": ["film"],
    "book": ["book"],
}

OPENPROMPT: tuple[PublishedPVP, ...] = (
    *numbered(
        "imdb",
        {"negative": ["bad"], "positive": ["good"]},
        "OpenPrompt, imdb/manual_template.txt",
        {
            0: "It was {mask}. {text_a}",
            1: "Just {mask}! {text_a}",
            2: "{text_a} All in all, it was {mask}.",
            3: "{text_a} In summary, the film was {mask}.",
        },
    ),
    *numbered(
        "dbpedia",
        _KINDS,
        "OpenPrompt, dbpedia/manual_template.txt",
        {
            1: "{text_a} {text_b} In this sentence, {text_a} is a {mask}.",
            2: "{text_a} {text_b} The type of {text_a} is {mask}.",
            3: "{text_a} {text_b} The category of {text_a} is {mask}.",
        },
        "No space before the full stop; line 0 of the file is left out.",
    ),
)
