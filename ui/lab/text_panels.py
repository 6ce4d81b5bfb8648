"""HTML of a text that a model writes: pure functions; every text is escaped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from core.inspection import (
    Alternative,
    FieldMarks,
    Part,
    PromptView,
    TextView,
    Token,
    changed_spans,
    closest_reference,
    similarity,
    word_diff,
)
from core.prompts.slots import Slot
from ui.bars import found_percent, track
from ui.feedback import Translate

_DIFF = {"same": "span", "added": "del", "missing": "ins"}
_SIGNS = {"covered": "✓", "missed": "✗", "invented": "+"}


def read_view(view: TextView) -> PromptView:
    """What the model reads of a question that is answered by a text."""
    return PromptView(view.prompt, view.source, view.origins, [], [], [], {}, view.shortened)


def output_panel(view: TextView, before: str, references: Sequence[str], marks: FieldMarks,
                 translate: Translate, *, begun: int = 0, edited: bool = False) -> str:
    """The text with each token's probability, beside the closest reference and the fields.

    Args:
        before: the text that stood here last; words that it lacks are lit up. Empty for none.
        begun: how many tokens a person has chosen to go on from.
        edited: whether the source is no longer that of the references.
    """
    title = escape(translate("What it writes"))
    parts = [f'<div class="cl-half">{_text(view, before, begun, translate)}</div>']
    beside = _beside(view, references, marks, translate, edited)
    if beside:
        parts.append(f'<div class="cl-half">{beside}</div>')
    return (f'<div class="cl-card cl-writing" data-ids="{",".join(map(str, view.ids))}">'
            f'<h3>{title}<span class="cl-over">{escape(_state(view, translate))}</span></h3>'
            f'<div class="cl-halves">{"".join(parts)}</div></div>')


def _state(view: TextView, translate: Translate) -> str:
    """How far the text is, and how probable."""
    count = len(view.tokens)
    if not view.done:
        return translate("writing: {n} token(s)").format(n=count)
    how = translate("{n} token(s), ended by itself" if view.ended else
                    "{n} token(s), the most it may have").format(n=count)
    if view.mean_log_prob is None:
        return how
    each = translate("log-probability {value} a token").format(value=f"{view.mean_log_prob:.2f}")
    return f"{how} · {each}"


def _text(view: TextView, before: str, begun: int, translate: Translate) -> str:
    lit = _lit(view.tokens, before)
    picked = _least_sure(view) if view.done else -1
    spans = [_token(at, token, lit[at], at < begun, at == picked, view.done)
             for at, token in enumerate(view.tokens)]
    if view.end is not None:
        spans.append(_token(len(spans), view.end, False, False, picked == len(spans), True))
    caret = "" if view.done else '<span class="cl-caret"></span>'
    others = ""
    if view.done:
        others = "".join(_others(at, token, at == picked, translate)
                         for at, token in enumerate(_places(view)))
    again = ""
    if begun:
        again = ('<button type="button" class="cl-act" data-again>'
                 f'↺ {escape(translate("Write from the beginning"))}</button>')
    return f'<p class="cl-stream" aria-live="off">{"".join(spans)}{caret}</p>{others}{again}'


def _places(view: TextView) -> list[Token]:
    return [*view.tokens, *([view.end] if view.end else [])]


def _least_sure(view: TextView) -> int:
    """The place of the least probable token, whose others are shown first."""
    places = _places(view)
    return min(range(len(places)), key=lambda at: places[at].probability or 0, default=-1)


def _lit(tokens: Sequence[Token], before: str) -> list[bool]:
    """Whether each token is part of a word that the text before lacks."""
    if not before:
        return [False] * len(tokens)
    text = "".join(token.text for token in tokens)
    spans = changed_spans(before, text)
    lit, start = [], 0
    for token in tokens:
        stop = start + len(token.text)
        first = start + len(token.text) - len(token.text.lstrip())
        lit.append(any(first < end and stop > begin for begin, end in spans))
        start = stop
    return lit


def _token(at: int, token: Token, lit: bool, chosen: bool, picked: bool, done: bool) -> str:
    kinds = ["cl-piece", *(["cl-lit"] if lit else []), *(["cl-forced"] if chosen else []),
             *(["cl-picked"] if picked else []), *(["cl-stop"] if token.id < 0 else [])]
    text = token.text.lstrip() if at == 0 else token.text
    shown = escape(text) or ("■" if token.id < 0 else "")
    if not done or token.probability is None:
        return f'<span class="{" ".join(kinds)}">{shown}</span>'
    unsure = f"{1 - token.probability:.2f}"
    hint = "&#10;".join(f"{escape(_name(other))}  {found_percent(other.probability)}"
                        for other in token.alternatives)
    space, rest = ("\u200b ", shown[1:]) if shown.startswith(" ") else ("", shown)
    rest = rest or '<span class="cl-blank">·</span>'  # a token without a letter can be picked too
    return (f'{space}<span class="{" ".join(kinds)}" style="--unsure:{unsure}" role="button" '
            f'tabindex="0" data-token="{at}" title="{hint}">{rest}</span>')


def _others(at: int, token: Token, shown: bool, translate: Translate) -> str:
    """What else could stand in a token's place, as buttons that go on from there."""
    rows = "".join(_other(at, other, token, translate) for other in token.alternatives)
    name = token.text.strip() or ("■" if token.id < 0 else "␣")
    title = translate("In the place of “{token}” ({share})").format(
        token=name, share=found_percent(token.probability or 0))
    hidden = "" if shown else " hidden"
    return (f'<div class="cl-others" data-of="{at}"{hidden}><h4>{escape(title)}</h4>{rows}'
            f'<p class="cl-hint">{escape(translate("Click one to go on from there."))}</p></div>')


def _other(at: int, other: Alternative, token: Token, translate: Translate) -> str:
    own = other.id == token.id or (other.ends and token.id < 0)
    name = escape(_name(other))
    inner = (f'<span class="cl-name">{name}</span>{track(other.probability, "var(--cl-text)")}'
             f'<span class="cl-value">{found_percent(other.probability)}</span>')
    if own or other.ends:
        kind = "cl-bar cl-own" if own else "cl-bar"
        return f'<div class="{kind}">{inner}</div>'
    title = escape(translate("Go on from here with “{token}”").format(token=_name(other)))
    return (f'<button type="button" class="cl-bar" data-at="{at}" data-go="{other.id}" '
            f'title="{title}">{inner}</button>')


def _name(other: Alternative) -> str:
    return "■" if other.ends else other.text.strip() or "␣"


def _beside(view: TextView, references: Sequence[str], marks: FieldMarks, translate: Translate,
            edited: bool) -> str:
    """The closest reference with the words that differ, the other references, and the fields."""
    return (_reference(view.output, references, translate, edited)
            + fields_list(marks, translate))


def _reference(output: str, references: Sequence[str], translate: Translate, edited: bool) -> str:
    if not references:
        return ""
    closest = closest_reference(output, references)
    title = translate("The closest of {n} references" if len(references) > 1 else
                      "The reference").format(n=len(references))
    share = translate("{share} of words shared").format(
        share=found_percent(similarity(output, closest)))
    note = ""
    if edited:
        text = translate("It belongs to the example as it was before you changed it.")
        note = f'<p class="cl-hint">{escape(text)}</p>'
    others = [reference for reference in references if reference != closest]
    return (f'<h4>{escape(title)} <span class="cl-over">{escape(share)}</span></h4>'
            f'<p class="cl-diff">{_diff(word_diff(output, closest))}</p>'
            f'{_legend(translate)}{note}{_other_references(others, translate)}')


def _legend(translate: Translate) -> str:
    return ('<p class="cl-hint cl-diff"><ins>'
            f'{escape(translate("in the reference only"))}</ins> <del>'
            f'{escape(translate("in the text only"))}</del></p>')


def _other_references(others: Sequence[str], translate: Translate) -> str:
    if not others:
        return ""
    items = "".join(f"<li>{escape(reference)}</li>" for reference in others)
    title = translate("The other references ({n})").format(n=len(others))
    return (f'<details class="cl-details"><summary>{escape(title)}</summary>'
            f'<ul class="cl-other-references">{items}</ul></details>')


def compared(output: str, references: Sequence[str]) -> str:
    """A text with the words that the closest of its references lacks or has besides."""
    if not references:
        return escape(output)
    return _diff(word_diff(output, closest_reference(output, references)))


def _diff(parts: Sequence[Part]) -> str:
    return "".join(f"{' ' if part.space else ''}<{_DIFF[part.kind]}>{escape(part.text)}"
                   f"</{_DIFF[part.kind]}>" for part in parts)


def fields_list(marks: FieldMarks, translate: Translate) -> str:
    """Each field: covered, missed, or invented."""
    if not marks.covered:
        return ""
    count = sum(covered for _, covered in marks.covered)
    title = translate("Fields covered: {n} of {total}").format(n=count, total=len(marks.covered))
    return f'<h4>{escape(title)}</h4><p class="cl-slots">{"".join(_marked(marks, translate))}</p>'


def _marked(marks: FieldMarks, translate: Translate) -> Iterator[str]:
    titles = {"covered": translate("covered"), "missed": translate("missed"),
              "invented": translate("invented")}
    for slot, covered in marks.covered:
        kind = "covered" if covered else "missed"
        yield _mark(slot, kind, titles[kind])
    first = {slot.name: slot for slot in reversed(marks.invented)}  # of each name one is enough
    for slot in first.values():
        yield _mark(slot, "invented", titles["invented"])
    if left := len(marks.invented) - len(first):
        yield f'<span class="cl-hint">{escape(translate("and {n} more").format(n=left))}</span>'


def _mark(slot: Slot, kind: str, title: str) -> str:
    return (f'<span class="cl-slot cl-slot-{kind}" title="{escape(title)}">'
            f'<b aria-label="{escape(title)}">{_SIGNS[kind]}</b> {escape(slot.name)}: '
            f"{escape(slot.value)}</span>")
