"""LM-BFF's manual templates and label words (arXiv 2012.15723, Table 1), as in its run script.

`drop_last` is its `sent-` (the last character goes), `lower_first` its `sentl`. STS-B is left out:
it is a regression.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.prompts.library.entry import PublishedPVP

_POLARITY = {"negative": ["terrible"], "positive": ["great"]}
_STARS = {
    "very negative": ["terrible"],
    "negative": ["bad"],
    "neutral": ["okay"],
    "positive": ["good"],
    "very positive": ["great"],
}
_THREE_WAY = {"entailment": ["Yes"], "neutral": ["Maybe"], "contradiction": ["No"]}
_TWO_WAY = {"entailment": ["Yes"], "not_entailment": ["No"]}
_WAS = "{text_a} It was {mask}."
_THIS = "{text_a} This is {mask}."
_ASKED = "{text_a|drop_last}? {mask}, {text_b|lower_first}"
_JOINED = "{text_a} {mask}, {text_b|lower_first}"

_TABLE_1: dict[str, tuple[str, Mapping[str, Sequence[str]]]] = {
    "sst2": (_WAS, _POLARITY),
    "sst5": (_WAS, _STARS),
    "mr": (_WAS, _POLARITY),
    "cr": (_WAS, _POLARITY),
    "subj": (_THIS, {"subjective": ["subjective"], "objective": ["objective"]}),
    "trec": (
        "{mask}: {text_a}",
        {
            "abbreviation": ["Expression"],
            "entity": ["Entity"],
            "description": ["Description"],
            "human": ["Human"],
            "location": ["Location"],
            "number": ["Number"],
        },
    ),
    "cola": (_THIS, {"not acceptable": ["incorrect"], "acceptable": ["correct"]}),
    "mnli": (_ASKED, _THREE_WAY),
    "snli": (_ASKED, _THREE_WAY),
    "qnli": (_ASKED, _TWO_WAY),
    "rte": (_ASKED, _TWO_WAY),
    "mrpc": (_JOINED, {"not_equivalent": ["No"], "equivalent": ["Yes"]}),
    "qqp": (_JOINED, {"not_duplicate": ["No"], "duplicate": ["Yes"]}),
}

LM_BFF: tuple[PublishedPVP, ...] = (
    *(
        PublishedPVP(task, pattern, words, "LM-BFF, Table 1")
        for task, (pattern, words) in _TABLE_1.items()
    ),
    PublishedPVP(
        "mpqa", _WAS, _POLARITY, "LM-BFF, run script", "The form of the other sentiment tasks."
    ),
)
