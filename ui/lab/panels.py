"""HTML of what the model reads and answers: pure functions from plain values; every text is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from core.inspection import Answer, DatasetView, PromptView, Word
from core.metrics.evaluation import Evaluation
from core.prompts.pattern import Segment
from ui.bars import bar, colour, found_percent, interval_bar, metric_text
from ui.feedback import Translate

MISTAKES_SHOWN = 6
_FILLINGS_SHOWN = 6


def prompt_panel(view: PromptView, translate: Translate) -> str:
    """The question as the model reads it."""
    return prompt_card(view, translate("What the model reads"), translate)


def prompt_card(view: PromptView, title: str, translate: Translate) -> str:
    """A rendered prompt with text, pattern and mask told apart, and the tokens below it."""
    *inner, last = view.prompt.segments
    shown = "".join(_segment(segment)
                    for segment in (*inner, *([last] if last.kind != "sep" else [])))
    masks = set(view.mask_positions)
    kinds = [segment.kind for segment in view.prompt.segments]
    tokens = "".join(
        f'<span class="cl-token '
        f'cl-{"mask" if at in masks and kinds[origin] == "mask" else kinds[origin]}">'
        f"{escape(token)}</span>"
        for at, (token, origin) in enumerate(zip(view.tokens, view.origins, strict=True)))
    cut = ""
    if view.shortened:
        cut = f'<p class="cl-hint">{escape(translate("Tokens cut from the text to fit:"))} {view.shortened}</p>'
    legend = "".join(f'<span class="cl-key cl-{kind}">{escape(translate(name))}</span>'
                     for kind, name in (("text", "text"), ("literal", "pattern"), ("mask", "mask")))
    return (f'<div class="cl-card"><h3>{escape(title)}<span class="cl-legend">{legend}</span></h3>'
            f'<p class="cl-prompt">{shown}</p>{cut}'
            f'<details class="cl-details">'
            f'<summary>{len(view.tokens)} {escape(translate("tokens"))}</summary>'
            f'<div class="cl-tokens">{tokens}</div></details></div>')


def answer_panel(view: PromptView, labels: Sequence[str], translate: Translate) -> str:
    """Label probabilities, and for each mask the words that the model finds most probable."""
    bars = "".join(bar(view.choices.get(label, label), probability, colour(labels.index(label)))
                   for label, probability in view.label_probabilities.items())
    title = translate("Answers to choose from") if view.choices else translate("Labels")
    half = "cl-half cl-choices" if view.choices else "cl-half"
    label_part = (f'<div class="{half}"><h4>{escape(title)}</h4>{bars}</div>' if bars else "")
    many = len(view.top_words) > 1
    words = "".join(_top_words(top, chosen, labels, f"{translate('mask')} {at + 1}" if many else "",
                               translate)
                    for at, (top, chosen) in enumerate(
                        zip(view.top_words, view.label_words, strict=True)))
    return (f'<div class="cl-card"><h3>{escape(translate("What it answers"))}</h3>'
            f'<div class="cl-halves">{label_part}{words}</div>{_steps(view, labels, translate)}'
            f'</div>')


def _steps(view: PromptView, labels: Sequence[str], translate: Translate) -> str:
    """Words of several tokens, as they are filled in: which place first, and how probable its token is then."""
    if not view.steps:
        return ""
    rows = "".join(
        f'<div class="cl-filled">'
        f'<span class="cl-tag" style="background:{colour(labels.index(label))}">{escape(label)}'
        "</span>" + "".join(f'<span class="cl-place">'
                            f'<sub>{each.position}</sub>{escape(each.token)} '
                            f'<b>{100 * each.probability:.2g} %</b></span>' for each in steps)
        + "</div>"
        for label, steps in view.steps.items())
    return (f'<details class="cl-details" {"open" if len(view.steps) <= _FILLINGS_SHOWN else ""}>'
            f'<summary>'
            f'{escape(translate("How each word is filled in, the surest place first"))}'
            f'</summary>{rows}</details>')


def dataset_panel(view: DatasetView, labels: Sequence[str], total: int,
                  translate: Translate) -> str:
    """Accuracy with its interval over many examples, confusion, and the most confident mistakes."""
    found = view.evaluation
    over = translate("over {n} of {total} test examples").format(n=found.n, total=total)
    extra, halves = "", ""
    if view.calibrated is not None:
        extra = (f'{escape(translate("calibrated"))} '
                 f'<b>{metric_text(view.calibrated.value, view.calibrated.metric)}</b> · '
                 f'{escape(translate("always the commonest label"))} '
                 f'<b>{found_percent(view.majority)}</b>')
        halves = _by_label(view, labels, translate)
    title = escape(translate("How often it is right"))
    return (f'<div class="cl-card"><h3>{title}<span class="cl-over">{escape(over)}</span></h3>'
            f'<div class="cl-score">'
            f'<span class="cl-big">{metric_text(found.value, found.metric)}</span>'
            f"{interval_bar(found)}"
            f'<span class="cl-hint">{extra}</span>'
            f'</div>{halves}{_mistakes(view.mistakes, translate)}</div>')


def _by_label(view: DatasetView, labels: Sequence[str], translate: Translate) -> str:
    means = "".join(bar(label, share, colour(labels.index(label)))
                    for label, share in view.label_probabilities_mean.items())
    return (f'<div class="cl-halves"><div class="cl-half"><h4>{escape(translate("Confusion"))}</h4>'
            f'{_confusion(view.evaluation, labels, translate)}</div>'
            f'<div class="cl-half">'
            f'<h4>{escape(translate("Mean label probability"))}</h4>{means}</div></div>')


def _segment(segment: Segment) -> str:
    if segment.kind in ("cls", "sep"):
        return ' <span class="cl-sep" title="separator">⏎</span> ' if segment.kind == "sep" else ""
    text = "&nbsp;?&nbsp;" if segment.kind == "mask" else escape(segment.text)
    space = " " if segment.space else ""
    return f'{space}<span class="cl-{segment.kind}">{text}</span>'


def _top_words(top: Sequence[Word], chosen: Sequence[Word], labels: Sequence[str], heading: str,
               translate: Translate) -> str:
    most = max((word.probability for word in top), default=1.0) or 1.0
    rest = [word for word in chosen if word.word.lower() not in {each.word.lower() for each in top}]
    rows = "".join(_word_row(word, most, labels) for word in top)
    if rest:
        rows += '<div class="cl-gap">⋮</div>' + "".join(_word_row(word, most, labels)
                                                        for word in rest[:10])
    title = escape(heading or translate("Most probable words"))
    return f'<div class="cl-half"><h4>{title}</h4>{rows}</div>'


def _word_row(word: Word, most: float, labels: Sequence[str]) -> str:
    mine = word.label in labels
    fill = colour(labels.index(word.label)) if mine else "var(--cl-quiet)"
    mark = f'<span class="cl-tag" style="background:{fill}">{escape(word.label)}</span>' if mine else ""
    width = min(100.0, 100 * word.probability / most)
    return (f'<div class="cl-bar"><span class="cl-name">{escape(word.word)}{mark}</span>'
            f'<span class="cl-track">'
            f'<span class="cl-fill" style="width:{width:.1f}%;background:{fill}"></span></span>'
            f'<span class="cl-value">{100 * word.probability:.2f} %</span></div>')


def _confusion(found: Evaluation, labels: Sequence[str], translate: Translate) -> str:
    head = "".join(f'<th scope="col" title="{escape(label)}">{escape(label)}</th>'
                   for label in labels)
    rows = ""
    for at, label in enumerate(labels):
        total = max(1, sum(found.confusion[at]))
        cells = "".join(
            f'<td style="--heat:{count / total:.2f}" '
            f'class="{"cl-right" if at == column else "cl-wrong"}">{count}</td>'
            for column, count in enumerate(found.confusion[at]))
        rows += f'<tr><th scope="row" title="{escape(label)}">{escape(label)}</th>{cells}</tr>'
    return (f'<div class="cl-scroll"><table class="cl-confusion"><thead><tr><td class="cl-corner">'
            f'{escape(translate("gold"))} ↓ {escape(translate("predicted"))} →</td>{head}</tr>'
            f'</thead>'
            f"<tbody>{rows}</tbody></table></div>")


def _mistakes(mistakes: Sequence[Answer], translate: Translate) -> str:
    if not mistakes:
        return ""
    rows = "".join(_mistake(answer) for answer in mistakes[:MISTAKES_SHOWN])
    count = translate("The most confident of {n} mistakes").format(n=len(mistakes))
    return (f'<details class="cl-details" open><summary>{escape(count)}</summary>'
            f'<ul class="cl-mistakes">{rows}</ul></details>')


def _mistake(answer: Answer) -> str:
    example = answer.example
    text = example.text_a + (f" ▪ {example.text_b}" if example.text_b else "")
    text = text if len(text) <= 220 else text[:217] + "…"
    gold, said = (example.text(label) or label for label in (example.label or "", answer.predicted))
    own = ' class="cl-own-answers"' if example.text(answer.predicted) else ""
    return (f'<li{own}><span>{escape(text)}</span><span class="cl-verdict">{escape(gold)} → '
            f"<b>{escape(said)}</b> {found_percent(answer.confidence)}</span></li>")
