"""What a prompt looks like to a model: one prompt in detail, or one pattern over many examples, as plain values.

Only what changed is computed again: features at the masks are kept for recent patterns, so a new label word costs one
small matrix product, and a text's tokens are kept whatever the pattern around it.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import torch

from core.data.task import Example, Kind, Schema, Task
from core.errors import InputError, VerbalizerError
from core.metrics.answers import LabelAnswers
from core.metrics.evaluation import Evaluation, evaluate
from core.models.backbone import Backbone
from core.models.encoding import Encoded, Limits, encode
from core.models.multi_mask import answer_ids, choice_log_probs, fill_words, text_ids
from core.models.pieces import single_ids, word_ids
from core.models.scorers import Scorer, check_words, scorer_for
from core.models.scoring import all_answer_features, label_log_probs, project
from core.prompts.pattern import Pattern, Prompt
from core.prompts.verbalizer import Verbalizer, split_words

_FEATURES_KEPT = 96
_features: OrderedDict[tuple[object, ...], torch.Tensor] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True)
class Question:
    """A pattern and its verbalizer as far as they can be read, and what is wrong with the rest.

    Attributes:
        pattern, verbalizer: None where they cannot be used.
        pattern_problem: what is wrong with the pattern.
        word_problems: for each label what is wrong with its words; the key "" stands for all labels together.
        scorer: how the labels' probabilities are read.
    """

    pattern: Pattern | None
    verbalizer: Verbalizer | None
    pattern_problem: InputError | None = None
    word_problems: Mapping[str, InputError] | None = None
    scorer: Scorer = "single mask"

    @property
    def sound(self) -> bool:
        """Whether label probabilities can be asked for."""
        return self.pattern is not None and self.verbalizer is not None and self.pattern.masks == 1

    def check(self) -> None:
        """Raise the first InputError that was found, if any."""
        for problem in (self.pattern_problem, *(self.word_problems or {}).values()):
            if problem is not None:
                raise problem


@dataclass(frozen=True)
class Word:
    """A word that the model might put in a mask's place; `label` names the label it stands for, if any."""

    word: str
    probability: float
    label: str = ""


@dataclass(frozen=True)
class Step:
    """A token of a label word as it is filled in: its `position` in the word, and how probable it is there and then."""

    position: int
    token: str
    probability: float


@dataclass(frozen=True)
class PromptView:
    """One prompt as the model sees it.

    Attributes:
        prompt: its segments; tokens: the pieces that the model reads; origins: the segment of each token.
        mask_positions: of the answers among the tokens.
        top_words: for each mask the most probable words.
        label_words: for each mask the label words with their probabilities over the whole vocabulary.
        label_probabilities: label → probability over the labels; empty if the question is not sound.
        shortened: tokens cut from the texts to fit.
        steps: label → its word's tokens in the order in which they are filled in; empty where all words are single
            tokens.
        choices: label → the example's own answer that it stands for; empty where labels have fixed words.
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


@dataclass(frozen=True)
class Answer:
    """What the model says of one example with a known label."""

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
        calibrated: the same after each label's mean log-probability is taken away; None where examples bring their own
            answers, whose places mean nothing.
        label_probabilities_mean: label → mean probability; far from the labels' shares, the words are biased.
        mistakes: wrong answers, most confident first.
        majority: the share of the most frequent label, which an accuracy must beat to mean anything.
    """

    evaluation: Evaluation
    calibrated: Evaluation | None
    label_probabilities_mean: dict[str, float]
    mistakes: list[Answer]
    majority: float


def read_question(pattern: str, words: Mapping[str, str | Sequence[str]], task: Task, backbone: Backbone) -> Question:
    """Check a pattern and words; `words` maps each label to a list of words, or to typed words parted by commas.

    Where labels have no words, as in multiple choice, `words` do not count.
    """
    chosen = {label: split_words(given) if isinstance(given, str) else list(given) for label, given in words.items()}
    parsed, pattern_problem = None, None
    try:
        parsed = Pattern.parse(pattern, task.schema.columns)
        parsed.check(task.schema.pairs)
    except InputError as problem:
        parsed, pattern_problem = None, problem
    if not task.schema.has_words:
        return _question_without_words(parsed, pattern_problem, task.schema, backbone)
    typed = Verbalizer(tuple((label, tuple(chosen.get(label, []))) for label in task.schema.labels))
    scorer = scorer_for(typed, backbone) if typed.has_words else "single mask"
    problems: dict[str, InputError] = {}
    for label in task.schema.labels:
        try:
            single = Verbalizer.of({label: chosen.get(label, [])}, [label])
            check_words(single, scorer, backbone)
        except InputError as problem:
            problems[label] = problem
    verbalizer = None
    if not problems:
        try:
            verbalizer = Verbalizer.of(chosen, task.schema.labels)
        except VerbalizerError as problem:
            problems[problem.label or ""] = problem
    return Question(parsed, verbalizer, pattern_problem, problems, scorer)


def _question_without_words(pattern: Pattern | None, problem: InputError | None, schema: Schema,
                            backbone: Backbone) -> Question:
    if schema.kind == "generation":
        return Question(None, None, problem or InputError(
            "The answers of this task are texts, and a pattern is asked for labels only so far. The data can be kept; "
            "to ask a model, choose a task with labels."), {})
    verbalizer = Verbalizer.without_words(schema.labels)
    try:
        check_words(verbalizer, "multiple choice", backbone)
    except InputError as unfit:
        problem = problem or unfit
    return Question(pattern, verbalizer, problem, {}, "multiple choice")


def look_at_prompt(question: Question, example: Example, backbone: Backbone, top: int = 10) -> PromptView:
    """Show one prompt to the model: tokens, the top words at each mask, label probabilities.

    Raises:
        InputError: the pattern cannot be used (`question.pattern_problem`), or does not fit into the model.
    """
    if question.pattern is None:
        raise question.pattern_problem or VerbalizerError("There is no pattern.")
    view = look_at_rendered(question.pattern.render(example), question, backbone, top=top)
    if question.verbalizer is None or question.scorer != "multiple choice" or not question.sound:
        return view
    labels = [label for label in question.verbalizer.labels if example.text(label)]
    answers = {label: text_ids(example.text(label), backbone) for label in labels}
    probabilities, steps = _several_answers(view.prompt, answers, backbone, Limits())
    return replace(view, label_probabilities=probabilities, steps=steps,
                   choices={label: example.text(label) for label in labels})


def look_at_rendered(prompt: Prompt, question: Question, backbone: Backbone, limits: Limits = Limits(), *,
                     top: int = 10) -> PromptView:
    """The same for a prompt that is rendered already, as with demonstrations."""
    encoded = encode([prompt], backbone, limits)[0]
    features = _prompt_features(encoded, backbone)
    with torch.inference_mode():
        logits = project(backbone, features).cpu()
    probabilities = logits.softmax(-1).numpy()
    owners = [(label, word) for label, word in question.verbalizer.all_words() if len(word_ids(word, backbone)) == 1
              ] if question.verbalizer else []
    columns = single_ids(owners, backbone)
    label_of = dict(zip(columns, (label for label, _ in owners), strict=True))
    labels: dict[str, float] = {}
    steps: dict[str, list[Step]] = {}
    if question.verbalizer and question.sound and question.scorer == "multi-mask":
        answers = dict(zip(question.verbalizer.labels, answer_ids(question.verbalizer, backbone), strict=True))
        labels, steps = _several_answers(prompt, answers, backbone, limits)
    elif question.verbalizer and question.sound and question.scorer == "single mask":
        answer = _label_log_probs(logits[:1, columns], question.verbalizer)[0]
        labels = dict(zip(question.verbalizer.labels, np.exp(answer).tolist(), strict=True))
    return PromptView(
        prompt, list(backbone.tokenizer.convert_ids_to_tokens(encoded.ids)), encoded.origins, encoded.masks,
        [_top_words(row, label_of, backbone, top) for row in probabilities],
        [[Word(word, float(row[column]), label) for column, (label, word) in zip(columns, owners, strict=True)]
         for row in probabilities],
        labels, encoded.shortened, steps,
    )


def look_at_examples(question: Question, examples: Sequence[Example], backbone: Backbone) -> DatasetView:
    """Ask the pattern over labelled examples: accuracy with its interval, confusion, the most confident mistakes.

    Raises:
        InputError: the question is not sound.
    """
    question.check()
    assert question.pattern is not None
    assert question.verbalizer is not None
    if question.pattern.masks != 1:
        raise InputError("Accuracy needs a pattern with exactly one {field}; this one has {count}.", field="{mask}",
                         count=question.pattern.masks)
    verbalizer = question.verbalizer
    if question.scorer != "single mask":
        found = _dataset_view(_several_log_probs(question.pattern, verbalizer, examples, backbone), examples,
                              verbalizer)
        return found if verbalizer.has_words else replace(found, calibrated=None)
    columns = torch.tensor(single_ids(verbalizer.all_words(), backbone), device=backbone.placement.device)
    with torch.inference_mode():
        logits = project(backbone, _pattern_features(question.pattern, examples, backbone), columns).cpu()
    log_probs = _label_log_probs(logits, verbalizer)
    return _dataset_view(log_probs, examples, verbalizer)


def _several_answers(prompt: Prompt, answers: Mapping[str, Sequence[int]], backbone: Backbone,
                     limits: Limits) -> tuple[dict[str, float], dict[str, list[Step]]]:
    """Label probabilities for one prompt, and how each label's answer, given by its tokens, is filled in."""
    filled = fill_words(backbone, [prompt], list(answers.values()), limits=limits)[0]
    probabilities = torch.tensor([each.score for each in filled]).softmax(-1).tolist()
    steps = {label: [Step(at + 1, str(backbone.tokenizer.decode([answer[at]])).strip(), math.exp(log_prob))
                     for at, log_prob in zip(each.order, each.log_probs, strict=True)]
             for (label, answer), each in zip(answers.items(), filled, strict=True)}
    return dict(zip(answers, probabilities, strict=True)), steps


def _several_log_probs(pattern: Pattern, verbalizer: Verbalizer, examples: Sequence[Example],
                       backbone: Backbone) -> npt.NDArray[np.float32]:
    """Label log-probabilities for many examples, `[N, C]`, with answers of several tokens."""

    def scores() -> torch.Tensor:
        choices = [answer_ids(verbalizer, backbone)] * len(examples) if verbalizer.has_words else [
            [text_ids(example.text(label), backbone) for label in verbalizer.labels] for example in examples]
        return choice_log_probs(backbone, [pattern.render(each) for each in examples], choices)

    key = (backbone.name, id(backbone), str(pattern), hash(tuple(examples)), str(verbalizer))
    found: npt.NDArray[np.float32] = _kept(key, scores).numpy()
    return found


def forget() -> None:
    """Drop all kept features."""
    with _lock:
        _features.clear()


def _dataset_view(log_probs: npt.NDArray[np.float32], examples: Sequence[Example],
                  verbalizer: Verbalizer) -> DatasetView:
    labels, kind = verbalizer.labels, _kind(verbalizer)
    gold = [labels.index(example.label or "") for example in examples]
    probabilities = np.exp(log_probs)
    predicted = log_probs.argmax(1)
    answers = [Answer(examples[i], labels[predicted[i]], dict(zip(labels, probabilities[i].tolist(), strict=True)))
               for i in np.flatnonzero(predicted != np.asarray(gold, dtype=int)).tolist()]
    return DatasetView(
        evaluate(LabelAnswers(log_probs, gold), kind),
        evaluate(LabelAnswers(log_probs - log_probs.mean(0, keepdims=True), gold), kind),
        dict(zip(labels, probabilities.mean(0).tolist(), strict=True)),
        sorted(answers, key=lambda answer: -answer.confidence),
        max(np.bincount(gold, minlength=len(labels)) / max(1, len(gold))).item(),
    )


def _kind(verbalizer: Verbalizer) -> Kind:
    return "classification" if verbalizer.has_words else "choice"


def _label_log_probs(word_logits: torch.Tensor, verbalizer: Verbalizer) -> npt.NDArray[np.float32]:
    owners = [verbalizer.labels.index(label) for label, _ in verbalizer.all_words()]
    found: npt.NDArray[np.float32] = label_log_probs(word_logits, owners, len(verbalizer.labels)).numpy()
    return found


def _top_words(row: npt.NDArray[np.float32], label_of: Mapping[int, str], backbone: Backbone, top: int) -> list[Word]:
    best = np.argsort(-row, kind="stable")[:top]
    return [Word(str(backbone.tokenizer.decode([i])).strip() or "␣", float(row[i]), label_of.get(i, ""))
            for i in best.tolist()]


def _prompt_features(encoded: Encoded, backbone: Backbone) -> torch.Tensor:
    """Features of one prompt, `[M, H]`."""
    return _kept((backbone.name, id(backbone), tuple(encoded.ids)),
                 lambda: torch.cat([all_answer_features(backbone, [one]) for one in _one_mask_each(encoded)]))


def _one_mask_each(encoded: Encoded) -> list[Encoded]:
    return [Encoded(encoded.ids, encoded.origins, encoded.type_ids, [at]) for at in encoded.masks]


def _pattern_features(pattern: Pattern, examples: Sequence[Example], backbone: Backbone) -> torch.Tensor:
    """Features of one pattern over examples, `[N, H]`."""
    key = (backbone.name, id(backbone), str(pattern), hash(tuple(examples)))
    return _kept(key, lambda: all_answer_features(backbone, encode([pattern.render(e) for e in examples], backbone)))


def _kept(key: tuple[object, ...], compute: Callable[[], torch.Tensor]) -> torch.Tensor:
    with _lock:
        if key in _features:
            _features.move_to_end(key)
            return _features[key]
    found = compute()
    with _lock:
        _features[key] = found
        while len(_features) > _FEATURES_KEPT:
            _features.popitem(last=False)
    return found
