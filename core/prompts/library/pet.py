"""The pairs of PET (arXiv 2001.07676, section 4) and of its SuperGLUE sequel (arXiv 2009.07118).

Numbers are those of the authors' code (`pet/pvp.py`), from 0; the papers count some of them in
another order. `{sep}` is the papers' double bar. Spaces follow the papers; the code puts one before
every piece, so that RoBERTa reads "was <mask> ." there. COPA and ReCoRD are multiple choice: the
model fills in one of the example's answers.
"""

from __future__ import annotations

from core.prompts.library.entry import PublishedPVP, numbered

_STARS = {
    "1 star": ["terrible"],
    "2 stars": ["bad"],
    "3 stars": ["okay"],
    "4 stars": ["good"],
    "5 stars": ["great"],
}
_YELP = {
    0: "It was {mask}. {text_a}",
    1: "{text_a}. All in all, it was {mask}.",
    2: "Just {mask}! {sep} {text_a}",
    3: "{text_a} {sep} In summary, the restaurant is {mask}.",
}

_NEWS = {"world": ["World"], "sports": ["Sports"], "business": ["Business"], "technology": ["Tech"]}
_TOPICS = {
    "society": ["Society"],
    "science": ["Science"],
    "health": ["Health"],
    "education": ["Education"],
    "computers": ["Computer"],
    "sports": ["Sports"],
    "business": ["Business"],
    "entertainment": ["Entertainment"],
    "relationships": ["Relationship"],
    "politics": ["Politics"],
}


def _topic_patterns(kind: str) -> dict[int, str]:
    return {
        0: "{mask}: {text_a} {text_b}",
        1: "{mask} " + kind + ": {text_a} {text_b}",
        2: "{text_a} ({mask}) {text_b}",
        3: "{text_a} {text_b} ({mask})",
        4: "[ Category: {mask} ] {text_a} {text_b}",
        5: "{mask} - {text_a} {text_b}",
    }


_ONE_TEXT_NEWS = {
    number: pattern.replace(" {text_b}", "")
    for number, pattern in _topic_patterns("News").items()
    if number != 2
}

_MNLI_A = {"entailment": ["Right"], "neutral": ["Maybe"], "contradiction": ["Wrong"]}
_MNLI_B = {"entailment": ["Yes"], "neutral": ["Maybe"], "contradiction": ["No"]}
_QUOTED = '"{text_a|strip_punctuation}"? {sep} {mask}, "{text_b}"'
_PLAIN = "{text_a|strip_punctuation}? {sep} {mask}, {text_b}"

_STANCE = ('"{text_a}" {sep} {mask}. "{text_b}"', "{text_a} {sep} {mask}. {text_b}")
_STANCE_WORDS = (("Ja", "Nein"), ("Yes", "No"), ("Oui", "Non"))

_HYPOTHESIS_FIRST = {
    0: '"{text_b|strip_punctuation}"? {sep} {mask}, "{text_a}"',
    1: "{text_b|strip_punctuation}? {sep} {mask}, {text_a}",
    2: '"{text_b|strip_punctuation}"? {sep} {mask}. "{text_a}"',
    3: "{text_b|strip_punctuation}? {sep} {mask}. {text_a}",
}
_RTE = {"entailment": ["Yes"], "not_entailment": ["No"]}
_CB = {"entailment": ["Yes"], "contradiction": ["No"], "neutral": ["Maybe"]}

_BOOLQ = (
    "{text_a}. Question: {text_b}? Answer: {mask}.",
    "{text_a}. Based on the previous passage, {text_b}? {mask}.",
    "Based on the following passage, {text_b}? {mask}. {text_a}",
)
_YES_NO = {"no": ["No"], "yes": ["Yes"]}
_TRUE_FALSE = {"no": ["false"], "yes": ["true"]}
_MULTIRC = (
    "{text_a}. Question: {question|not_shortenable}? Is it {answer|not_shortenable}? {mask}.",
    "{text_a}. Question: {question|not_shortenable}? Is the correct answer "
    '"{answer|not_shortenable}"? {mask}.',
    "{text_a}. Based on the previous passage, {question|not_shortenable}? Is "
    '"{answer|not_shortenable}" a correct answer? {mask}.',
)
_COPA_END = "{text_a|strip_punctuation} {joiner|not_shortenable} {mask}."
_COPA = {
    0: '"{choice1|not_shortenable}" or "{choice2|not_shortenable}"? ' + _COPA_END,
    1: "{choice1|not_shortenable} or {choice2|not_shortenable}? " + _COPA_END,
}
_PRONOUN = (
    "PET lets the model write what the pronoun stands for and compares it with the noun; here it "
    "says whether the noun is right."
)

PET: tuple[PublishedPVP, ...] = (
    *numbered("yelp_full", _STARS, "PET, section 4", _YELP),
    *numbered(
        "yelp_polarity", {"negative": ["bad"], "positive": ["good"]}, "PET, authors' code", _YELP
    ),
    *numbered("ag_news_pairs", _NEWS, "PET, section 4", _topic_patterns("News")),
    *numbered(
        "ag_news",
        _NEWS,
        "PET, section 4",
        _ONE_TEXT_NEWS,
        "Headline and body are one text here; pattern 2, which stands between them, is left out.",
    ),
    *numbered("yahoo", _TOPICS, "PET, section 4", _topic_patterns("Question")),
    *numbered("mnli", _MNLI_A, "PET, section 4", {0: _QUOTED, 1: _PLAIN}),
    *numbered("mnli", _MNLI_B, "PET, section 4", {2: _QUOTED, 3: _PLAIN}),
    *(
        PublishedPVP(
            "xstance",
            pattern,
            {"FAVOR": [yes], "AGAINST": [no]},
            f"PET, section 4, pattern {2 * language + shape}",
        )
        for language, (yes, no) in enumerate(_STANCE_WORDS)
        for shape, pattern in enumerate(_STANCE)
    ),
    *numbered("rte", _RTE, "PET SuperGLUE, appendix A", _HYPOTHESIS_FIRST),
    PublishedPVP(
        "rte",
        "{text_a} question: {text_b} True or False? answer: {mask}",
        {"entailment": ["true"], "not_entailment": ["false"]},
        "PET SuperGLUE, appendix A, pattern 4",
        "After GPT-3's prompt.",
    ),
    *numbered("cb", _CB, "PET SuperGLUE, appendix A", _HYPOTHESIS_FIRST),
    PublishedPVP(
        "cb",
        "{text_a} question: {text_b} true, false or neither? answer: {mask}",
        {"entailment": ["true"], "contradiction": ["false"], "neutral": ["neither"]},
        "PET SuperGLUE, appendix A, pattern 4",
        "After GPT-3's prompt.",
    ),
    *(
        PublishedPVP(
            "boolq", pattern, words, f"PET SuperGLUE, appendix A, pattern {2 * shape + which}"
        )
        for shape, pattern in enumerate(_BOOLQ)
        for which, words in enumerate((_YES_NO, _TRUE_FALSE))
    ),
    PublishedPVP(
        "wic",
        '"{text_a}" / "{text_b}" Similar sense of "{word|not_shortenable}"? {mask}.',
        _YES_NO,
        "PET SuperGLUE, appendix A, pattern 0",
    ),
    PublishedPVP(
        "wic",
        "{text_a} {text_b} Does {word|not_shortenable} have the same meaning in both sentences? "
        "{mask}",
        _YES_NO,
        "PET SuperGLUE, appendix A, pattern 1",
    ),
    PublishedPVP(
        "wic",
        '{word|not_shortenable}. Sense (1) (a) "{text_a}" ({mask}) "{text_b}"',
        {"no": ["2"], "yes": ["b"]},
        "PET SuperGLUE, appendix A, pattern 2",
    ),
    *numbered("multirc", _YES_NO, "PET SuperGLUE, appendix A", dict(enumerate(_MULTIRC))),
    PublishedPVP(
        "multirc",
        "{text_a} {question|not_shortenable} - [{mask}] {answer|not_shortenable}",
        {"no": ["False"], "yes": ["True"]},
        "PET SuperGLUE, appendix A, pattern 3",
    ),
    *numbered("copa", {}, "PET SuperGLUE, appendix A", _COPA),
    PublishedPVP(
        "record",
        "{text_a} {before|not_shortenable} {mask} {after|not_shortenable}",
        {},
        "PET SuperGLUE, appendix A",
    ),
    PublishedPVP(
        "wsc",
        "{text_a} The pronoun '{span2|not_shortenable}' refers to {span1|not_shortenable}? {mask}.",
        _YES_NO,
        "PET SuperGLUE, appendix A, pattern 0 (adapted)",
        _PRONOUN,
    ),
    PublishedPVP(
        "wsc",
        "{text_a} In the previous sentence, does the pronoun '{span2|not_shortenable}' refer to "
        "{span1|not_shortenable}? {mask}.",
        _YES_NO,
        "PET SuperGLUE, appendix A, pattern 1 (adapted)",
        _PRONOUN,
    ),
)
