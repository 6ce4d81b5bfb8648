"""Pairs for the bundled tasks: published ones of similar tasks and our own, the best first.

The order is that of the zero-shot accuracy of the bundled `mini-masked` on the training parts; the
test parts were not used. On entailment so small a model is near chance with all of them.
"""

from __future__ import annotations

from core.prompts.library.entry import PublishedPVP

_OWN = "Cloze Lab"
_TERRIBLE_GREAT = {"negative": ["terrible"], "positive": ["great"]}
_BORING_FUN = {"negative": ["boring"], "positive": ["fun"]}
_HATED_LOVED = {"negative": ["hated"], "positive": ["loved"]}
_BAD_GOOD = {"negative": ["bad"], "positive": ["good"]}

_SECTIONS = {
    "world": ["politics", "government", "war"],
    "sports": ["sports", "football"],
    "business": ["business", "money"],
    "technology": ["technology", "science"],
}
_PET_NEWS = {
    "world": ["World"],
    "sports": ["Sports"],
    "business": ["Business"],
    "technology": ["Tech"],
}

_ANSWERS = {
    "abbreviation": ["letters", "words"],
    "entity": ["food", "animal"],
    "description": ["meaning", "reason"],
    "human": ["person", "people"],
    "location": ["city", "country"],
    "number": ["number", "date"],
}
_KINDS = {
    "abbreviation": ["abbreviation", "letters"],
    "entity": ["thing", "animal"],
    "description": ["reason", "meaning"],
    "human": ["person", "name"],
    "location": ["place", "city"],
    "number": ["number", "date"],
}
_LM_BFF_TREC = {
    "abbreviation": ["Expression"],
    "entity": ["Entity"],
    "description": ["Description"],
    "human": ["Human"],
    "location": ["Location"],
    "number": ["Number"],
}

_QUOTED = '"{text_a|strip_punctuation}"? {sep} {mask}, "{text_b}"'
_PLAIN = "{text_a|strip_punctuation}? {sep} {mask}, {text_b}"
_YES_MAYBE_NO = {"entailment": ["Yes"], "neutral": ["Maybe"], "contradiction": ["No"]}
_RIGHT_MAYBE_WRONG = {"entailment": ["Right"], "neutral": ["Maybe"], "contradiction": ["Wrong"]}
_TRUE_NEITHER_FALSE = {"entailment": ["true"], "neutral": ["neither"], "contradiction": ["false"]}
_SO_PERHAPS_NOT = {"entailment": ["so"], "neutral": ["perhaps"], "contradiction": ["not"]}

BUNDLED: tuple[PublishedPVP, ...] = (
    PublishedPVP("reviews", "{text_a} It was {mask}.", _BORING_FUN, _OWN),
    PublishedPVP("reviews", "{text_a} In a word: {mask}.", _HATED_LOVED, _OWN),
    PublishedPVP("reviews", "{text_a} All in all, it was {mask}.", _BORING_FUN, _OWN),
    PublishedPVP(
        "reviews", "Just {mask}! {sep} {text_a}", _BAD_GOOD, "PET, authors' code (Yelp), pattern 2"
    ),
    PublishedPVP("reviews", "{text_a} It was {mask}.", _TERRIBLE_GREAT, "LM-BFF, Table 1 (SST-2)"),
    PublishedPVP(
        "reviews", "It was {mask}. {text_a}", _BAD_GOOD, "PET, authors' code (Yelp), pattern 0"
    ),
    PublishedPVP(
        "reviews",
        "{text_a}. All in all, it was {mask}.",
        _BAD_GOOD,
        "PET, authors' code (Yelp), pattern 1",
    ),
    PublishedPVP("headlines", "{text_a} Section: {mask}.", _SECTIONS, _OWN),
    PublishedPVP("headlines", "{text_a} Topic: {mask}.", _SECTIONS, _OWN),
    PublishedPVP("headlines", "{mask}: {text_a}", _SECTIONS, _OWN),
    PublishedPVP(
        "headlines", "{mask}: {text_a}", _PET_NEWS, "PET, section 4 (AG's News), pattern 0"
    ),
    PublishedPVP(
        "headlines", "{mask} News: {text_a}", _PET_NEWS, "PET, section 4 (AG's News), pattern 1"
    ),
    PublishedPVP(
        "headlines",
        "[ Category: {mask} ] {text_a}",
        _PET_NEWS,
        "PET, section 4 (AG's News), pattern 4",
    ),
    PublishedPVP(
        "headlines", "{mask} - {text_a}", _PET_NEWS, "PET, section 4 (AG's News), pattern 5"
    ),
    PublishedPVP(
        "headlines", "{text_a} ({mask})", _PET_NEWS, "PET, section 4 (AG's News), pattern 3"
    ),
    PublishedPVP("questions", "{text_a} Subject: {mask}.", _ANSWERS, _OWN),
    PublishedPVP("questions", "{text_a} Tell me the {mask}.", _ANSWERS, _OWN),
    PublishedPVP("questions", "{text_a} What is the {mask}?", _KINDS, _OWN),
    PublishedPVP("questions", "{text_a} Category: {mask}.", _KINDS, _OWN),
    PublishedPVP("questions", "{mask}: {text_a}", _LM_BFF_TREC, "LM-BFF, Table 1 (TREC)"),
    PublishedPVP("entailment", "{text_a} {mask} {text_b|lower_first}", _SO_PERHAPS_NOT, _OWN),
    PublishedPVP("entailment", _PLAIN, _YES_MAYBE_NO, "PET, section 4 (MNLI), pattern 3"),
    PublishedPVP(
        "entailment",
        "{text_a|drop_last}? {mask}, {text_b|lower_first}",
        _YES_MAYBE_NO,
        "LM-BFF, Table 1 (MNLI)",
    ),
    PublishedPVP("entailment", _QUOTED, _YES_MAYBE_NO, "PET, section 4 (MNLI), pattern 2"),
    PublishedPVP(
        "entailment",
        "{text_a} question: {text_b} true, false or neither? answer: {mask}",
        _TRUE_NEITHER_FALSE,
        "PET SuperGLUE, appendix A (CB), pattern 4",
    ),
    PublishedPVP("entailment", _QUOTED, _RIGHT_MAYBE_WRONG, "PET, section 4 (MNLI), pattern 0"),
    PublishedPVP("entailment", _PLAIN, _RIGHT_MAYBE_WRONG, "PET, section 4 (MNLI), pattern 1"),
)
