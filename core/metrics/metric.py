"""The one table of metrics: what each measures, how it is shown, and which way is better.

To add a metric, add its entry to `METRICS`: runs keep its value, and tables, figures, files and the
command line show it. Development scores follow: `dev_accuracy` is accuracy on the development
examples.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from core.data.task import Kind
from core.metrics.answers import Floats
from core.metrics.consensus import CIDER
from core.metrics.edit_rate import TER
from core.metrics.labels import confusion_counts, macro_f1, right_labels, share, share_interval
from core.metrics.meaning import BERT_SCORE
from core.metrics.overlap import BLEU_E2E, BLEU_T5, BLEU_WEBNLG, CHRF_PLUS_PLUS, NIST
from core.metrics.resampling import TextScore, mean_of
from core.metrics.rouge import ROUGE_1, ROUGE_2, ROUGE_L, ROUGE_L_E2E, ROUGE_LSUM
from core.metrics.slots import INVENTED_SLOTS, SLOT_COVERAGE
from core.metrics.texts import (
    exact_matches,
    pearson,
    pearson_interval,
    spearman,
    spearman_interval,
    squad_f1,
    squad_matches,
)

DEVELOPMENT = "dev_"  # prefix of the name of a development score
Translate = Callable[[str], str]  # from fixed English text to the reader's language


@dataclass(frozen=True)
class Metric:
    """One way to measure answers.

    Attributes:
        name: the key in a run's metrics, in files and on the command line.
        title: its name for people.
        explain: what it means, in a sentence.
        kinds: the kinds of tasks that it serves.
        measure: from the answers (`LabelAnswers` or `TextAnswers`, by kind) to the value.
        unit: a `share` lies between 0 and 1 and is shown in percent; `points` are shown as they
            are.
        higher_is_better: which way is better.
        scores: from the answers to the scores of the single examples, `[N]`, which paired tests
            over examples compare.
        interval: from the answers to the ends of the value's 95 % interval, kept as `NAME_low`
            and `NAME_high`.
        of_answers: whether answers tell it; else a method reports it as it learns.
        on_development: whether the value is of the development examples.
        slow: whether it asks a model, so that a live view leaves it out.
    """

    name: str
    title: str
    explain: str
    kinds: tuple[Kind, ...]
    measure: Callable[[Any], float]
    unit: Literal["share", "points"] = "points"
    higher_is_better: bool = True
    scores: Callable[[Any], Floats] | None = None
    interval: Callable[[Any], tuple[float, float]] | None = None
    of_answers: bool = True
    on_development: bool = False
    slow: bool = False

    @property
    def is_share(self) -> bool:
        """Whether values lie between 0 and 1 and are shown in percent."""
        return self.unit == "share"

    @property
    def scale(self) -> int:
        """What values are multiplied by before they are shown."""
        return 100 if self.is_share else 1

    def titled(self, translate: Translate = str) -> str:
        """Its title in the reader's language."""
        title = translate(self.title)
        if not self.on_development:
            return title
        return translate("{metric} on development examples").format(metric=title)

    def head(self, translate: Translate = str) -> str:
        """A short title, for the head of a column."""
        title = translate(self.title)
        if not self.on_development:
            return title
        return translate("{metric} (dev)").format(metric=title)

    def shown(self, value: float) -> str:
        """A value as text: 81.2% or 23.41."""
        return f"{value:.1%}" if self.is_share else f"{value:.2f}"

    def signed(self, value: float) -> str:
        """A difference as text, with its sign: +3.1% or -0.27."""
        return f"{value:+.1%}" if self.is_share else f"{value:+.2f}"

    def spread(self, value: float) -> str:
        """A standard deviation or size of a difference as text; percentage points for shares."""
        return f"{100 * value:.1f}" if self.is_share else f"{value:.2f}"

    def within(self, end: float) -> float:
        """The end of an interval, limited to the values that the metric can have."""
        return min(max(end, 0.0), 1.0) if self.is_share else end

    def better(self, value: Any, other: Any) -> Any:
        """Whether a value is better than another; for arrays `[N]`, element by element."""
        return value > other if self.higher_is_better else value < other

    def order(self, value: float) -> float:
        """A sort key that puts the best value first."""
        return -value if self.higher_is_better else value


def _unmeasured(answers: object) -> float:
    raise LookupError(f"No metric measures this of {type(answers).__name__}.")


def _of_texts(name: str, title: str, explain: str, score: TextScore,
              unit: Literal["share", "points"] = "points", higher_is_better: bool = True,
              slow: bool = False) -> Metric:
    """A metric of generated texts with its scores of examples and its bootstrap interval."""
    return Metric(name, title, explain, ("generation",), score.measure, unit, higher_is_better,
                  score.scores, score.interval, slow=slow)


METRICS: dict[str, Metric] = {metric.name: metric for metric in (
    Metric("accuracy", "Accuracy", "The share of examples whose answer is right.",
           kinds=("classification", "choice"),
           measure=lambda answers: share(right_labels(answers)),
           unit="share",
           scores=right_labels,
           interval=lambda answers: share_interval(right_labels(answers))),
    Metric("macro_f1", "Macro F1",
           "The mean over labels of F1, so that rare labels count as much as frequent ones.",
           kinds=("classification", "choice"),
           measure=lambda answers: macro_f1(confusion_counts(answers)),
           unit="share"),
    _of_texts("rougeL", "ROUGE-L",
              "The longest common subsequence of stemmed words, as F1 with the best reference, on "
              "average over examples (rouge-score, with stemmer as for XSum).",
              ROUGE_L, unit="share"),
    _of_texts("rouge1", "ROUGE-1",
              "Shared words, as F1 with the best reference, on average (rouge-score, stemmer).",
              ROUGE_1, unit="share"),
    _of_texts("rouge2", "ROUGE-2",
              "Shared pairs of words, as F1 with the best reference, on average (rouge-score, "
              "stemmer).", ROUGE_2, unit="share"),
    _of_texts("rougeLsum", "ROUGE-Lsum",
              "ROUGE-L of summaries line by line, without stemmer, as T5 reports it (rouge-score).",
              ROUGE_LSUM, unit="share"),
    _of_texts("bleu", "BLEU",
              "Shared n-grams of up to 4 words with all references, lower-cased, tokens of "
              "mteval-v13a (sacrebleu), as in the E2E challenge; 0 to 100.", BLEU_E2E),
    _of_texts("bleu_webnlg", "BLEU (WebNLG)",
              "BLEU as for WebNLG: no accents, marks set apart, not smoothed, three references "
              "at most; 0 to 100.", BLEU_WEBNLG),
    _of_texts("bleu_t5", "BLEU (T5)",
              "BLEU as T5 reports it: cased, sacrebleu's intl tokens, exponential smoothing; 0 to "
              "100.", BLEU_T5),
    _of_texts("nist", "NIST",
              "The information in shared n-grams of up to 5 words: rare ones count more "
              "(mteval-v13a, lower-cased).", NIST),
    _of_texts("ter", "TER",
              "Edits, moves of phrases among them, per 100 words of the references (sacrebleu).",
              TER, higher_is_better=False),
    _of_texts("chrf", "chrF++",
              "F2 of shared character and word n-grams with the closest reference (sacrebleu); 0 "
              "to 100.", CHRF_PLUS_PLUS),
    _of_texts("rougeL_e2e", "ROUGE-L (E2E) ≈",
              "ROUGE-L with β = 1.2 from the best precision and recall over references; near to "
              "the E2E challenge's script.", ROUGE_L_E2E, unit="share"),
    _of_texts("cider", "CIDEr ≈",
              "Agreement with the references in n-grams that are rare elsewhere, 0 to 10 "
              "(CIDEr-D); near to the E2E challenge's script.", CIDER),
    _of_texts("bert_score", "BERTScore",
              "F1 of greedily matched token vectors of the bundled sentence encoder, best "
              "reference.", BERT_SCORE, unit="share", slow=True),
    Metric("exact_match", "Exact match",
           "The share of outputs that equal one of their references.",
           kinds=("generation",),
           measure=lambda answers: share(exact_matches(answers)),
           unit="share",
           scores=exact_matches,
           interval=lambda answers: share_interval(exact_matches(answers))),
    Metric("squad_em", "Exact match (SQuAD)",
           "The share of outputs that equal a reference but for case, punctuation and articles.",
           kinds=("generation",),
           measure=lambda answers: share(squad_matches(answers)),
           unit="share",
           scores=squad_matches,
           interval=lambda answers: share_interval(squad_matches(answers))),
    _of_texts("f1", "F1 of tokens",
              "F1 of the tokens with the best reference, normalised as in SQuAD, on average.",
              mean_of(squad_f1), unit="share"),
    Metric("pearson", "Pearson correlation",
           "The correlation of written numbers with the references; what is no number counts as "
           "-1.", kinds=("generation",), measure=pearson, interval=pearson_interval),
    Metric("spearman", "Spearman correlation",
           "The same of their ranks.",
           kinds=("generation",), measure=spearman, interval=spearman_interval),
    _of_texts("slot_coverage", "Fields covered",
              "The share of a source's fields whose values the output mentions, on average; found "
              "by words, a heuristic.", SLOT_COVERAGE, unit="share"),
    _of_texts("invented_slots", "Fields invented",
              "How many values of other sources an output mentions though its own source lacks "
              "them, on average; a heuristic.", INVENTED_SLOTS, higher_is_better=False),
    Metric("loss", "Loss per token",
           "The mean negative log-probability of the references' tokens, in nats.",
           kinds=("generation",), measure=_unmeasured, higher_is_better=False, of_answers=False),
)}
"""By name, in the order of display; the first that serves a kind of task is its main metric."""

FINDINGS: Mapping[str, tuple[str, Literal["count", "share"]]] = {
    "lowest_order": ("Worst order (dev)", "share"),
    "highest_order": ("Best order (dev)", "share"),
    "best_step": ("Best step", "count"),
    "n": ("Test rows", "count"),
    "prefix_length": ("Prefix length", "count"),
    "trained_parameters": ("Trained parameters", "count"),
    "stored_parameters": ("Stored parameters", "count"),
}
"""Titles and units of the numbers of a run that are shown beside its metrics."""


def metrics_of(kind: Kind) -> list[Metric]:
    """The metrics of answers to a kind of task, its main metric first."""
    return [metric for metric in METRICS.values() if kind in metric.kinds and metric.of_answers]


def main_metric(kind: Kind) -> Metric:
    """The first metric of a kind of task; it has a score for each example."""
    return metrics_of(kind)[0]


def training_metric(kind: Kind) -> Metric:
    """By what the steps of a training are compared: the loss where texts are written."""
    return METRICS["loss"] if kind == "generation" else main_metric(kind)


def metric_named(name: str) -> Metric:
    """The metric or development score of a name; an unknown name is its own title, in points."""
    known = METRICS.get(name.removeprefix(DEVELOPMENT))
    if known is None:
        return Metric(name, name, "", (), _unmeasured)
    return known if known.name == name else replace(known, name=name, on_development=True)


def development(metric: Metric) -> Metric:
    """The development score of a metric."""
    return metric_named(DEVELOPMENT + metric.name)


def found_metrics(values: Collection[str]) -> list[Metric]:
    """The metrics among the names of a run's numbers, followed by the development scores."""
    known = [*METRICS.values(), *map(development, METRICS.values())]
    return [metric for metric in known if metric.name in values]


def main_metric_in(runs: Iterable[Mapping[str, float]]) -> Metric:
    """The main metric of runs, given their numbers: the first in the table that any of them has."""
    names = {name for metrics in runs for name in metrics}
    first, *_ = METRICS.values()
    return next((metric for metric in METRICS.values() if metric.name in names), first)
