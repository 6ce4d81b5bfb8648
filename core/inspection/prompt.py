"""One prompt as the model sees it: tokens, words at the masks, label probabilities."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import torch

from core.data.task import Example
from core.errors import VerbalizerError
from core.inspection.memory import remembered
from core.inspection.question import Question
from core.models.backbone import Backbone
from core.models.encoding import Encoded, Limits, encode
from core.models.multi_mask import Filled, answer_ids, fill_words, text_ids
from core.models.pieces import single_ids, word_ids
from core.models.scoring import all_answer_features, label_log_probs, project
from core.models.whole_prompt import answer_scores, without_mask
from core.prompts.pattern import Prompt
from core.prompts.verbalizer import Verbalizer

LogProbs = npt.NDArray[np.float32]  # [N, C]


@dataclass(frozen=True)
class Word:
    """A word that the model might put in a mask's place; `label` is the one it stands for."""

    word: str
    probability: float
    label: str = ""


@dataclass(frozen=True)
class Step:
    """A token of an answer as it is filled in.

    Attributes:
        position: in the answer, counted from 1.
        token: as text.
        probability: when it was filled in, given the tokens filled before.
    """

    position: int
    token: str
    probability: float


@dataclass(frozen=True)
class PromptView:
    """One prompt as the model sees it.

    Attributes:
        prompt: its segments.
        tokens: the pieces that the model reads.
        origins: the segment of each token.
        mask_positions: of the answers among the tokens.
        top_words: for each mask the most probable words.
        label_words: for each mask the label words with their probabilities over the whole
            vocabulary.
        label_probabilities: label → probability over the labels; empty if the question is not
            sound.
        shortened: how many tokens were cut from the texts to fit.
        steps: label → its answer's tokens in the order in which they are filled in; empty where
            all words are single tokens.
        choices: label → the example's choice that it stands for; empty where labels have words.
    """

    prompt: Prompt
    tokens: list[str]
    origins: list[int]
    mask_positions: list[int]
    top_words: list[list[Word]]
    label_words: list[list[Word]]
    label_probabilities: dict[str, float]
    shortened: int
    steps: Mapping[str, Sequence[Step]] = field(default_factory=dict)
    choices: Mapping[str, str] = field(default_factory=dict)


def look_at_prompt(question: Question, example: Example, backbone: Backbone,
                   top: int = 10) -> PromptView:
    """Show one example's prompt to the model: tokens, top words at each mask, probabilities.

    Raises:
        InputError: the pattern cannot be used (`question.pattern_problem`), or does not fit into
            the model.
    """
    if question.pattern is None:
        raise question.pattern_problem or VerbalizerError("There is no pattern.")
    view = look_at_rendered(question.pattern.render(example), question, backbone, top=top)
    if question.scorer == "multiple choice" and question.verbalizer and question.sound:
        return _with_choices(view, question.verbalizer, example, backbone)
    return view


def look_at_rendered(prompt: Prompt, question: Question, backbone: Backbone,
                     limits: Limits = Limits(), *, top: int = 10) -> PromptView:
    """The same for a prompt that is rendered already, as with demonstrations.

    In multiple choice it has no label probabilities: they depend on the example's choices.
    """
    encoded = encode([prompt], backbone, limits)[0]
    with torch.inference_mode():
        logits = project(backbone, _features(encoded, backbone)).cpu()  # [M, V]
    top_words, label_words = _words_at_masks(logits, question.verbalizer, backbone, top)
    tokens = list(backbone.tokenizer.convert_ids_to_tokens(encoded.ids))
    view = PromptView(prompt, tokens, encoded.origins, encoded.masks, top_words, label_words, {},
                      encoded.shortened)
    if question.verbalizer is None or not question.sound:
        return view
    if question.scorer == "single mask":
        probabilities = _label_probabilities(logits, question.verbalizer, backbone)
        return replace(view, label_probabilities=probabilities)
    if question.scorer == "whole prompt":
        return _with_whole_prompt(view, question.verbalizer, backbone, limits)
    if question.scorer == "multi-mask":
        answers = dict(zip(question.verbalizer.labels,
                           answer_ids(question.verbalizer, backbone), strict=True))
        return _with_answers(view, answers, backbone, limits)
    return view


def _with_whole_prompt(view: PromptView, verbalizer: Verbalizer, backbone: Backbone,
                       limits: Limits) -> PromptView:
    """The view with the probabilities of words and what follows them, and with all its tokens."""
    words = [word for _, word in verbalizer.all_words()]
    with torch.inference_mode():
        scores = answer_scores(backbone, [view.prompt], [words], limits).cpu()  # [1, W]
    log_probs = log_probs_of_words(scores, verbalizer)[0]  # [C]
    read = encode([without_mask(view.prompt)], backbone, limits)[0]
    return replace(view, tokens=list(backbone.tokenizer.convert_ids_to_tokens(read.ids)),
                   origins=read.origins, shortened=read.shortened,
                   label_probabilities=dict(zip(verbalizer.labels, np.exp(log_probs).tolist(),
                                                strict=True)))


def _with_choices(view: PromptView, verbalizer: Verbalizer, example: Example,
                  backbone: Backbone) -> PromptView:
    """The view with the probabilities of the choices that the example has."""
    choices = {label: example.text(label) for label in verbalizer.labels if example.text(label)}
    answers = {label: text_ids(text, backbone) for label, text in choices.items()}
    return replace(_with_answers(view, answers, backbone, Limits()), choices=choices)


def _with_answers(view: PromptView, answers: Mapping[str, Sequence[int]], backbone: Backbone,
                  limits: Limits) -> PromptView:
    """The view with the probabilities and steps of answers of several tokens, by label."""
    filled = fill_words(backbone, [view.prompt], list(answers.values()), limits=limits)[0]  # [C]
    scores = torch.tensor([answer.score for answer in filled])
    probabilities = scores.softmax(-1).tolist()
    steps = {
        label: _steps(ids, answer, backbone)
        for (label, ids), answer in zip(answers.items(), filled, strict=True)
    }
    return replace(view, label_probabilities=dict(zip(answers, probabilities, strict=True)),
                   steps=steps)


def _steps(ids: Sequence[int], answer: Filled, backbone: Backbone) -> list[Step]:
    return [
        Step(index + 1, str(backbone.tokenizer.decode([ids[index]])).strip(), math.exp(log_prob))
        for index, log_prob in zip(answer.order, answer.log_probs, strict=True)
    ]


def _label_probabilities(logits: torch.Tensor, verbalizer: Verbalizer,
                         backbone: Backbone) -> dict[str, float]:
    """Probabilities over the labels at the one mask, from logits `[1, V]`."""
    columns = single_ids(verbalizer.all_words(), backbone)
    log_probs = log_probs_of_words(logits[:1, columns], verbalizer)[0]  # [C]
    return dict(zip(verbalizer.labels, np.exp(log_probs).tolist(), strict=True))


def log_probs_of_words(word_logits: torch.Tensor, verbalizer: Verbalizer) -> LogProbs:
    """Label log-probabilities from the logits of all label words, `[N, W]` → `[N, C]`."""
    labels = verbalizer.labels
    owners = [labels.index(label) for label, _ in verbalizer.all_words()]
    return label_log_probs(word_logits, owners, len(labels)).numpy()


def _words_at_masks(logits: torch.Tensor, verbalizer: Verbalizer | None, backbone: Backbone,
                    top: int) -> tuple[list[list[Word]], list[list[Word]]]:
    """For each mask the most probable words and the label words, from logits `[M, V]`."""
    probabilities = logits.softmax(-1).numpy()
    words = [
        (label, word)
        for label, word in (verbalizer.all_words() if verbalizer else ())
        if len(word_ids(word, backbone)) == 1
    ]
    columns = single_ids(words, backbone)
    label_of = {column: label for column, (label, _) in zip(columns, words, strict=True)}
    top_words = [_top_words(row, label_of, backbone, top) for row in probabilities]
    label_words = [
        [Word(word, float(row[column]), label)
         for column, (label, word) in zip(columns, words, strict=True)]
        for row in probabilities
    ]
    return top_words, label_words


def _top_words(row: npt.NDArray[np.float32], label_of: Mapping[int, str], backbone: Backbone,
               top: int) -> list[Word]:
    """The most probable words at one mask, from probabilities `[V]`."""
    best = np.argsort(-row, kind="stable")[:top].tolist()
    texts = [str(backbone.tokenizer.decode([column])).strip() or "␣" for column in best]
    return [
        Word(text, float(row[column]), label_of.get(column, ""))
        for text, column in zip(texts, best, strict=True)
    ]


def _features(encoded: Encoded, backbone: Backbone) -> torch.Tensor:
    """Features of one prompt at its masks, `[M, H]`."""
    key = (backbone.name, id(backbone), tuple(encoded.ids))
    return remembered(key, lambda: torch.cat([
        all_answer_features(backbone, [replace(encoded, masks=[place])])
        for place in encoded.masks]))
