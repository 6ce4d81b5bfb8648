"""T5's formats of Winograd schemas and of ReCoRD, whose answers are names in a text, not labels.

See arXiv 1910.10683, appendix B: the pronoun stands between stars, and the answer is the noun that
it refers to.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.errors import PatternError
from core.prompts.text_to_text import NO_ANSWER

_DETERMINERS = frozenset((
    "a", "an", "few", "her", "his", "each", "every", "many", "much", "my", "our", "some", "that",
    "the", "their", "these", "this", "those", "which", "whose", "your"))


def pronoun_prompt(text: str, pronoun: str, place: int) -> str:
    """`wsc: … *it* …`, the pronoun being (part of) the word number `place`, counted from 0.

    Raises:
        PatternError: it is not there.
    """
    return f"wsc: {_marked(text, pronoun, place, '*{}*')}"


def two_spans_prompt(text: str, spans: tuple[str, str], places: tuple[int, int]) -> str:
    """`wsc text: * The piano * … # it # …`, the older format, which asks for True or False."""
    first, second = spans
    shift = 2 if places[0] < places[1] else 0  # the two stars are words now
    marked = _marked(text, first, places[0], "* {} *")
    return f"wsc text: {_marked(marked, second, places[1] + shift, '# {} #')}"


def resolution_prompt(sentence: str, pronoun: str) -> str:
    """`wsc: … *it* …` of Definite Pronoun Resolution, whose data do not say where the pronoun is.

    The first one counts that stands after a blank and before a blank, a full stop or a comma.
    """
    return "wsc: " + re.sub(rf" {re.escape(pronoun)}(?=[ .,])", f" *{pronoun}*", sentence, count=1)


def is_referent(written: str, referent: str) -> int:
    """1 if a written noun is the referent, 0 if it is another; -1 if nothing was written.

    Determiners and case do not count, and one may have more words than the other.
    """
    found, right = _words(written), _words(referent)
    return int(found <= right or right <= found) if found else -1


def record_prompt(passage: str, query: str, entities: Sequence[str]) -> str:
    """`record query: … entities: A, B passage: …`, highlights as sentences of the passage."""
    text = re.sub(r"([.?!\"']?)\n@highlight\n", _sentence_break, passage)
    return f"record query: {query} entities: {', '.join(entities)} passage: {text}"


def record_targets(answers: Sequence[str]) -> tuple[str, ...]:
    """What is to be written: one of the answers in each row."""
    return tuple(answers) or (NO_ANSWER,)


def _sentence_break(match: re.Match[str]) -> str:
    return f"{match[1]} " if match[1] else ". "


def _marked(text: str, span: str, place: int, form: str) -> str:
    """The text with a mark at a span that begins the word number `place`."""
    found = re.match(rf"((?:\S+\s){{{place}}})({re.escape(span)})", text)
    if found is None:
        raise PatternError("The word number {place} of {text!r} is not {span!r}.",
                           place=place + 1, text=text[:60], span=span[:40])
    return found[1] + form.format(span) + text[found.end():]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.lower().split()) - _DETERMINERS
