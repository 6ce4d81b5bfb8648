"""HTML of what the model reads and answers: pure functions; every text is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from core.data.task import Task
from core.figures.confusion import MOST_CONFUSED
from core.figures.text import sentence
from core.inspection import Answer, DatasetView, PromptView, Step, Word
from core.metrics.evaluation import Evaluation
from core.metrics.labels import most_confused
from core.prompts.pattern import Segment
from ui.bars import bar, colour, found_percent, interval_bar, label_tag, metric_text, track
from ui.feedback import Translate

MISTAKES_SHOWN = 6
LABELS_SHOWN = 20  # of more labels those that matter most
_FILLINGS_SHOWN = 6


def prompt_panel(view: PromptView, translate: Translate) -> str:
    """The question as the model reads it."""
    return prompt_card(view, translate("What the model reads"), translate)


def prompt_card(view: PromptView, title: str, translate: Translate) -> str:
    """A rendered prompt with text, pattern and mask marked, and the tokens below it."""
    *inner, last = view.prompt.segments
    segments = inner if last.kind == "sep" else [*inner, last]
    shown = "".join(_segment(segment) for segment in segments)
    cut = ""
    if view.shortened:
        hint = escape(translate("Tokens cut from the text to fit:"))
        cut = f'<p class="cl-hint">{hint} {view.shortened}</p>'
    return (f'<div class="cl-card"><h3>{escape(title)}'
            f'<span class="cl-legend">{_legend(translate)}</span></h3>'
            f'<p class="cl-prompt">{shown}</p>{cut}'
            '<details class="cl-details">'
            f'<summary>{len(view.tokens)} {escape(translate("tokens"))}</summary>'
            f'<div class="cl-tokens">{_tokens(view)}</div></details></div>')


def _legend(translate: Translate) -> str:
    return "".join(f'<span class="cl-key cl-{kind}">{escape(translate(name))}</span>'
                   for kind, name in (("text", "text"), ("literal", "pattern"), ("mask", "mask")))


def _tokens(view: PromptView) -> str:
    """Every token, coloured like the segment that it comes from."""
    return "".join(
        f'<span class="cl-token cl-{view.prompt.segments[origin].kind}">{escape(token)}</span>'
        for token, origin in zip(view.tokens, view.origins, strict=True))


def answer_panel(view: PromptView, labels: Sequence[str], translate: Translate) -> str:
    """Label probabilities, and for each mask the words that the model finds most probable."""
    several = len(view.top_words) > 1
    words = ""
    for index, (top, chosen) in enumerate(zip(view.top_words, view.label_words, strict=True)):
        heading = f"{translate('mask')} {index + 1}" if several else ""
        words += _top_words(top, chosen, labels, heading, translate)
    return (f'<div class="cl-card"><h3>{escape(translate("What it answers"))}</h3>'
            f'<div class="cl-halves">{_label_bars(view, labels, translate)}{words}</div>'
            f"{_steps(view, labels, translate)}</div>")


def _label_bars(view: PromptView, labels: Sequence[str], translate: Translate) -> str:
    """The label probabilities; in multiple choice the example's answers stand for the labels."""
    shown, rest = _most_probable(view.label_probabilities, translate)
    bars = "".join(bar(view.choices.get(label, label), probability, colour(labels.index(label)))
                   for label, probability in shown.items()) + rest
    title = translate("Answers to choose from") if view.choices else translate("Labels")
    half = "cl-half cl-choices" if view.choices else "cl-half"
    return f'<div class="{half}"><h4>{escape(title)}</h4>{bars}</div>' if bars else ""


def _most_probable(probabilities: Mapping[str, float],
                   translate: Translate) -> tuple[dict[str, float], str]:
    """All labels in their order, or the most probable of many, and how many are left out."""
    most = sorted(probabilities, key=lambda label: -probabilities[label])[:LABELS_SHOWN]
    shown = {label: share for label, share in probabilities.items() if label in most}
    left = len(probabilities) - len(shown)
    more = escape(translate("and {n} more").format(n=left))
    return shown, f'<p class="cl-hint">{more}</p>' if left else ""


def _steps(view: PromptView, labels: Sequence[str], translate: Translate) -> str:
    """How words of several tokens are filled in: the order, and each token's probability."""
    if not view.steps:
        return ""
    rows = "".join(_filled(label, steps, labels) for label, steps in view.steps.items())
    state = "open" if len(view.steps) <= _FILLINGS_SHOWN else ""
    title = translate("How each word is filled in, the surest place first")
    return (f'<details class="cl-details" {state}>'
            f"<summary>{escape(title)}</summary>{rows}</details>")


def _filled(label: str, steps: Sequence[Step], labels: Sequence[str]) -> str:
    places = "".join(
        f'<span class="cl-place"><sub>{step.position}</sub>{escape(step.token)} '
        f'<b>{100 * step.probability:.2g} %</b></span>' for step in steps)
    return f'<div class="cl-filled">{label_tag(label, labels.index(label))}{places}</div>'


def dataset_panel(view: DatasetView, task: Task, wanted: int, translate: Translate,
                  title: str = "") -> str:
    """Accuracy with its interval over many examples, confusion, and the most confident mistakes.

    Where fewer examples than `wanted` are measured, it says that more are coming.
    """
    found, labels = view.evaluation, task.schema.labels
    over = translate("over {n} of {total} test examples").format(n=found.n, total=len(task.test))
    if found.n < wanted:
        over = translate("over the first {n}; {wanted} are coming").format(n=found.n, wanted=wanted)
    halves = "" if view.calibrated is None else _by_label(view, labels, translate)
    title = escape(title or translate("How often it is right"))
    score = metric_text(found.value, found.metric)
    return (f'<div class="cl-card"><h3>{title}<span class="cl-over">{escape(over)}</span></h3>'
            f'<div class="cl-score"><span class="cl-big">{score}</span>'
            f"{interval_bar(found)}"
            f'<span class="cl-hint">{_calibrated(view, translate)}</span></div>'
            f"{halves}{_mistakes(view.mistakes, translate)}</div>")


def _calibrated(view: DatasetView, translate: Translate) -> str:
    """The calibrated score and the majority's, to compare with."""
    if view.calibrated is None:
        return ""
    score = metric_text(view.calibrated.value, view.calibrated.metric)
    return (f'{escape(translate("calibrated"))} <b>{score}</b> · '
            f'{escape(translate("always the commonest label"))} '
            f"<b>{found_percent(view.majority)}</b>")


def _by_label(view: DatasetView, labels: Sequence[str], translate: Translate) -> str:
    shown, rest = _most_probable(view.label_probabilities_mean, translate)
    means = "".join(bar(label, share, colour(labels.index(label)))
                    for label, share in shown.items()) + rest
    return ('<div class="cl-halves">'
            f'<div class="cl-half"><h4>{escape(translate("Confusion"))}</h4>'
            f"{_confusion(view.evaluation, labels, translate)}</div>"
            f'<div class="cl-half"><h4>{escape(translate("Mean label probability"))}</h4>'
            f"{means}</div></div>")


def _segment(segment: Segment) -> str:
    if segment.kind == "cls":
        return ""
    if segment.kind == "sep":
        return ' <span class="cl-sep" title="separator">⏎</span> '
    text = "&nbsp;?&nbsp;" if segment.kind == "mask" else escape(segment.text)
    space = " " if segment.space else ""
    return f'{space}<span class="cl-{segment.kind}">{text}</span>'


def _top_words(top: Sequence[Word], chosen: Sequence[Word], labels: Sequence[str], heading: str,
               translate: Translate) -> str:
    most = max((word.probability for word in top), default=1.0) or 1.0
    shown = {word.word.lower() for word in top}
    rest = [word for word in chosen if word.word.lower() not in shown]
    rows = "".join(_word_row(word, most, labels) for word in top)
    if rest:
        rows += '<div class="cl-gap">⋮</div>'
        rows += "".join(_word_row(word, most, labels) for word in rest[:10])
    title = escape(heading or translate("Most probable words"))
    return f'<div class="cl-half"><h4>{title}</h4>{rows}</div>'


def _word_row(word: Word, most: float, labels: Sequence[str]) -> str:
    fill, mark = "var(--cl-quiet)", ""
    if word.label in labels:
        index = labels.index(word.label)
        fill, mark = colour(index), label_tag(word.label, index)
    return (f'<div class="cl-bar"><span class="cl-name">{escape(word.word)}{mark}</span>'
            f"{track(min(1, word.probability / most), fill)}"
            f'<span class="cl-value">{100 * word.probability:.2f} %</span></div>')


def _confusion(evaluation: Evaluation, labels: Sequence[str], translate: Translate) -> str:
    confusion = np.asarray(evaluation.confusion)
    shown = most_confused(confusion, LABELS_SHOWN)
    head = "".join(f'<th scope="col" title="{escape(labels[at])}">{escape(labels[at])}</th>'
                   for at in shown)
    rows = "".join(_confusion_row(row, labels[row], confusion[row], shown) for row in shown)
    note = ""
    if len(shown) < len(labels):
        text = sentence(translate, MOST_CONFUSED, count=len(shown), total=len(labels))
        note = f'<p class="cl-hint">{escape(text)}</p>'
    gold, predicted = escape(translate("gold")), escape(translate("predicted"))
    return ('<div class="cl-scroll"><table class="cl-confusion">'
            f'<thead><tr><td class="cl-corner">{gold} ↓ {predicted} →</td>{head}</tr></thead>'
            f"<tbody>{rows}</tbody></table></div>{note}")


def _confusion_row(row: int, label: str, counts: Sequence[int], shown: Sequence[int]) -> str:
    total = max(1, sum(counts))
    cells = ""
    for column in shown:
        count = counts[column]
        kind = "cl-right" if row == column else "cl-wrong"
        cells += f'<td style="--heat:{count / total:.2f}" class="{kind}">{count}</td>'
    return f'<tr><th scope="row" title="{escape(label)}">{escape(label)}</th>{cells}</tr>'


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
    gold, predicted = (example.text(label) or label
                       for label in (example.label or "", answer.predicted))
    own = ' class="cl-own-answers"' if example.text(answer.predicted) else ""
    return (f'<li{own}><span>{escape(text)}</span>'
            f'<span class="cl-verdict">{escape(gold)} → '
            f"<b>{escape(predicted)}</b> {found_percent(answer.confidence)}</span></li>")
