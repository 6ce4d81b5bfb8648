"""One pattern over many labelled examples: accuracy, confusion, mistakes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from core.data.task import Example
from core.errors import InputError
from core.inspection.memory import remembered
from core.inspection.prompt import LogProbs, log_probs_of_words
from core.inspection.question import Question
from core.metrics.answers import LabelAnswers
from core.metrics.evaluation import Evaluation, evaluate
from core.models.backbone import Backbone
from core.models.encoding import encode
from core.models.multi_mask import Choices, answer_ids, choice_log_probs, text_ids
from core.models.pieces import single_ids
from core.models.scorers import Scorer
from core.models.scoring import all_answer_features, project
from core.models.whole_prompt import answer_scores
from core.prompts.pattern import Pattern
from core.prompts.verbalizer import Verbalizer

_FIRST_PART = 16  # examples


@dataclass(frozen=True)
class Answer:
    """What the model predicts for one example with a known label."""

    example: Example
    predicted: str
    probabilities: dict[str, float]

    @property
    def confidence(self) -> float:
        """The probability of the predicted label."""
        return self.probabilities[self.predicted]


@dataclass(frozen=True)
class DatasetView:
    """One pattern over many examples.

    Attributes:
        evaluation: accuracy with its interval, confusion, a score for each example.
        calibrated: the same after each label's mean log-probability is taken away; None in
            multiple choice, where a choice's place means nothing.
        label_probabilities_mean: label → mean probability; where it is far from the labels'
            shares, the words are biased.
        mistakes: wrong answers, most confident first.
        majority: the share of the most frequent label, which an accuracy must beat to mean
            anything.
    """

    evaluation: Evaluation
    calibrated: Evaluation | None
    label_probabilities_mean: dict[str, float]
    mistakes: list[Answer]
    majority: float


def look_at_examples(question: Question, examples: Sequence[Example],
                     backbone: Backbone) -> DatasetView:
    """Evaluate the pattern on labelled examples: accuracy, confusion, most confident mistakes.

    Raises:
        InputError: the question is not sound.
    """
    pattern, verbalizer = _checked(question)
    log_probs = _SCORED[question.scorer](pattern, verbalizer, examples, backbone)
    return dataset_view(log_probs, examples, verbalizer)


def look_in_parts(question: Question, examples: Sequence[Example],
                  backbone: Backbone) -> Iterator[DatasetView]:
    """The same over the first 16 examples, over twice as many each time, and at last over all.

    Raises:
        InputError: the question is not sound.
    """
    pattern, verbalizer = _checked(question)
    yield from views_in_parts(
        lambda part: _SCORED[question.scorer](pattern, verbalizer, part, backbone), examples,
        verbalizer)


def views_in_parts(answer: Callable[[Sequence[Example]], LogProbs], examples: Sequence[Example],
                   verbalizer: Verbalizer) -> Iterator[DatasetView]:
    """The views of growing parts of the examples; `answer` is asked about each example once."""
    found: list[LogProbs] = []
    stop = 0
    while stop < len(examples):
        start, stop = stop, min(len(examples), max(_FIRST_PART, 2 * stop))
        found.append(answer(examples[start:stop]))
        yield dataset_view(np.concatenate(found), examples[:stop], verbalizer)


def _checked(question: Question) -> tuple[Pattern, Verbalizer]:
    """The pattern and the verbalizer of a question that is sound."""
    question.check()
    pattern, verbalizer = question.pattern, question.verbalizer
    assert pattern is not None
    assert verbalizer is not None
    if pattern.masks != 1:
        raise InputError(
            "Accuracy needs a pattern with exactly one {field}; this one has {count}.",
            field="{mask}", count=pattern.masks)
    return pattern, verbalizer


def _single_mask_log_probs(pattern: Pattern, verbalizer: Verbalizer, examples: Sequence[Example],
                           backbone: Backbone) -> LogProbs:
    """Label log-probabilities, `[N, C]`, with label words of one token.

    Only the features at the masks are kept, so that new label words are cheap.
    """
    key = (backbone.name, id(backbone), str(pattern), hash(tuple(examples)))
    columns = torch.tensor(single_ids(verbalizer.all_words(), backbone),
                           device=backbone.placement.device)  # [W]

    def features() -> torch.Tensor:
        prompts = [pattern.render(example) for example in examples]
        return all_answer_features(backbone, encode(prompts, backbone))  # [N, H]

    with torch.inference_mode():
        word_logits = project(backbone, remembered(key, features), columns).cpu()  # [N, W]
    return log_probs_of_words(word_logits, verbalizer)


def _whole_prompt_log_probs(pattern: Pattern, verbalizer: Verbalizer,
                            examples: Sequence[Example], backbone: Backbone) -> LogProbs:
    """Label log-probabilities, `[N, C]`, from each word and what follows it."""
    key = (backbone.name, id(backbone), str(pattern), hash(tuple(examples)), str(verbalizer))
    words = [word for _, word in verbalizer.all_words()]

    def computed() -> torch.Tensor:
        prompts = [pattern.render(example) for example in examples]
        return answer_scores(backbone, prompts, [words] * len(prompts)).cpu()  # [N, W]

    with torch.inference_mode():
        return log_probs_of_words(remembered(key, computed), verbalizer)


def _several_token_log_probs(pattern: Pattern, verbalizer: Verbalizer,
                             examples: Sequence[Example], backbone: Backbone) -> LogProbs:
    """Label log-probabilities, `[N, C]`, with answers of several tokens."""
    key = (backbone.name, id(backbone), str(pattern), hash(tuple(examples)), str(verbalizer))

    def computed() -> torch.Tensor:
        prompts = [pattern.render(example) for example in examples]
        return choice_log_probs(backbone, prompts, _choices(verbalizer, examples, backbone))

    log_probs: LogProbs = remembered(key, computed).numpy()
    return log_probs


_SCORED: Mapping[Scorer, Callable[
    [Pattern, Verbalizer, Sequence[Example], Backbone], LogProbs]] = {
    "single mask": _single_mask_log_probs,
    "whole prompt": _whole_prompt_log_probs,
    "multi-mask": _several_token_log_probs,
    "multiple choice": _several_token_log_probs,
}


def _choices(verbalizer: Verbalizer, examples: Sequence[Example], backbone: Backbone) -> Choices:
    """Each example's answers as tokens, `[N][C]`: the label words, or its own choices."""
    if verbalizer.has_words:
        return [answer_ids(verbalizer, backbone)] * len(examples)
    return [[text_ids(example.text(label), backbone) for label in verbalizer.labels]
            for example in examples]


def dataset_view(log_probs: LogProbs, examples: Sequence[Example],
                 verbalizer: Verbalizer) -> DatasetView:
    """What label log-probabilities, `[N, C]`, say about N examples with known labels."""
    labels = verbalizer.labels
    gold = [labels.index(example.label or "") for example in examples]
    shares = np.bincount(gold, minlength=len(labels)) / max(1, len(gold))  # [C]
    evaluation, calibrated = _evaluations(log_probs, gold, verbalizer)
    means = np.exp(log_probs).mean(0).tolist()  # [C]
    return DatasetView(
        evaluation, calibrated, dict(zip(labels, means, strict=True)),
        _mistakes(log_probs, gold, labels, examples), float(shares.max()))


def _evaluations(log_probs: LogProbs, gold: list[int],
                 verbalizer: Verbalizer) -> tuple[Evaluation, Evaluation | None]:
    """The evaluation as it is, and calibrated where labels mean the same in every example."""
    if not verbalizer.has_words:
        return evaluate(LabelAnswers(log_probs, gold), "choice"), None
    centred = log_probs - log_probs.mean(0, keepdims=True)
    return (evaluate(LabelAnswers(log_probs, gold), "classification"),
            evaluate(LabelAnswers(centred, gold), "classification"))


def _mistakes(log_probs: LogProbs, gold: list[int], labels: Sequence[str],
              examples: Sequence[Example]) -> list[Answer]:
    """Wrong answers, most confident first."""
    probabilities, predicted = np.exp(log_probs), log_probs.argmax(1)  # [N, C], [N]
    wrong = np.flatnonzero(predicted != np.asarray(gold, dtype=int)).tolist()
    answers = [
        Answer(examples[index], labels[predicted[index]],
               dict(zip(labels, probabilities[index].tolist(), strict=True)))
        for index in wrong
    ]
    return sorted(answers, key=lambda answer: -answer.confidence)
