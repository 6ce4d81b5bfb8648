"""Text-to-text: every task as a text with a prefix, every answer written (T5, arXiv 1910.10683)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.data.task import LABELLED, Schema, Task
from core.errors import SpecError
from core.learning.method import Learned, Method, Problem, Progress, Stage
from core.learning.options import option
from core.learning.text_predictor import DecodingOptions, TextPredictor
from core.learning.text_to_text import TextToTextClassifier, with_targets
from core.learning.text_training import train_to_write
from core.learning.training import FineTuningOptions, Schedule, Trained
from core.methods.fine_tuning import trained_size
from core.models.backbone import Backbone
from core.models.decoding import Decoding
from core.models.source_target import answer_decoding
from core.prompts.text_formats import (
    AUTO,
    FORMAT_NAMES,
    TextFormat,
    fitting_format,
    format_named,
    is_answer,
    named_prefix,
)

_BEAMS, _ALPHA = 4, 0.6  # T5's, for summaries and translations
_WRITTEN, _RANKED = "written", "ranked"


@dataclass(frozen=True)
class TextToTextOptions(DecodingOptions, FineTuningOptions):
    """The format, the prefix, how answers are read, and how long and how fast to train.

    T5's rate of 1e-3 is one of AdaFactor; with AdamW it undid what `mini-seq2seq` had learned.
    """

    steps: int = option(100, "updates of the weights; 0 trains nothing and asks the model as it is",
                        0, 100_000)
    beams: int = option(0, "how many hypotheses beam search keeps; 0 chooses as T5: 4 for "
                           "summaries and translations, else 1, which writes greedily", 0, 16,
                        kinds=("generation",))
    length_penalty: float = option(_ALPHA, "beam search divides a hypothesis' log-probability by "
                                           "((5 + length) / 6) to this power", 0.0, 5.0,
                                   kinds=("generation",))
    format: str = option(AUTO, "how texts are named in the prompt: as T5 does for a task; auto "
                               "finds the task's own, or else 'own-name', which calls a text "
                               "sentence; 'plain' gives texts no names", choices=FORMAT_NAMES)
    prefix: str = option(AUTO, "what stands before the texts, to try others; auto is the format's "
                               "own or the task's name, none leaves it out")
    answer: str = option(_WRITTEN, "written: the model writes, and anything but a label is wrong; "
                                   "ranked: the label whose word is most probable",
                         choices=(_WRITTEN, _RANKED), kinds=LABELLED)

    def form(self, schema: Schema) -> TextFormat:
        """The format that they name."""
        return format_named(fitting_format("", schema) if self.format == AUTO else self.format,
                            schema)


class TextToText(Method[TextToTextOptions]):
    """Writes a task as a text with a prefix, as T5 does, and lets the model write the answer: a
    label, a number or a text. Trains all weights, or nothing.
    """

    name = "text-to-text"
    title = "Text-to-text"
    paper = "arXiv 1910.10683"
    options = TextToTextOptions
    kinds = ("classification", "choice", "generation")
    families = ("seq2seq", "causal")
    uses_pattern = False

    def stages(self, options: TextToTextOptions,
               patterns: int = 1) -> tuple[Stage, ...]:  # noqa: ARG002
        """One training, or none."""
        return (Stage("", options.steps),) if options.steps else ()

    def learns(self, options: TextToTextOptions) -> bool:
        """Whether it takes any step."""
        return options.steps > 0

    def for_task(self, options: TextToTextOptions, task: Task) -> TextToTextOptions:
        """The format that T5 has for the task, or else the task's name as prefix."""
        form = fitting_format(task.name, task.schema) if options.format == AUTO else options.format
        prefix = options.prefix
        if form == "own-name" and prefix == AUTO:
            prefix = named_prefix(task.name[:80].strip(), task.schema)
        return replace(options, format=form, prefix=prefix)

    def columns(self, options: TextToTextOptions) -> tuple[str, ...]:
        """The columns that the format shows."""
        return options.form(Schema("generation")).columns

    def check(self, problem: Problem, options: TextToTextOptions) -> None:
        """Check also that the task fits the format.

        Raises:
            InputError: it does not.
        """
        super().check(problem, options)
        form = options.form(problem.schema)
        form.check(options.format, problem.schema)
        if problem.schema.kind == "choice" and form.columns[:2] != problem.schema.labels:
            raise SpecError(
                "Of multiple choice T5 has a format for tasks with the columns {columns} only, "
                "such as COPA.", columns="choice1, choice2, question")
        for example in (*problem.split.train, *problem.split.dev):
            for reference in example.references:
                if not is_answer(reference, form.answers):
                    raise SpecError(
                        "T5's format {format!r} writes numbers, and the reference {text!r} is "
                        "none.", format=options.format, text=reference[:60])

    def learn(self, problem: Problem, options: TextToTextOptions, progress: Progress) -> Learned:
        """Train a copy of the backbone, or ask it as it is."""
        backbone = problem.backbone.trainable_copy() if options.steps else problem.backbone
        predictor = text_to_text(backbone, problem.schema, options)
        if not options.steps:
            progress(0, 0)
            return Learned(predictor)
        trained = _train(predictor, problem, options.schedule(problem), progress)
        size = float(trained_size(backbone.model, options.top_layers))
        return Learned(predictor, {**trained.metrics(), "trained_parameters": size,
                                   "stored_parameters": size})


def _train(predictor: TextPredictor | TextToTextClassifier, problem: Problem, schedule: Schedule,
           progress: Progress) -> Trained:
    """Train the predictor's model to write references, or the words of labels."""
    writer = predictor
    if isinstance(writer, TextToTextClassifier):
        problem = replace(problem, split=with_targets(problem.split, writer.words))
        writer = writer.writer
    return train_to_write(writer.backbone.model, writer, problem, schedule, progress)


def text_to_text(backbone: Backbone, schema: Schema,
                 options: TextToTextOptions) -> TextPredictor | TextToTextClassifier:
    """A backbone asked in a format of T5's: a generator, or a classifier for tasks with labels."""
    form, causal = options.form(schema), backbone.family == "causal"
    pattern = form.pattern(options.prefix, causal=causal)
    words = tuple(form.words(schema.labels).items())
    if not words:
        decoding = _decoding(form, options, one_line=causal)
        return TextPredictor(backbone, pattern, decoding, answers=form.answers)
    decoding = answer_decoding([word for _, word in words], backbone)
    return TextToTextClassifier(TextPredictor(backbone, pattern, decoding), words,
                                writes=options.answer == _WRITTEN)


def _decoding(form: TextFormat, options: TextToTextOptions, *, one_line: bool) -> Decoding:
    """Beam search with GNMT's length penalty (arXiv 1609.08144) where T5 does so, else greedy."""
    beams = options.beams or (_BEAMS if form.with_beams else 1)
    return Decoding(options.max_tokens, beams=beams, length_penalty=options.length_penalty,
                    normalisation="gnmt", one_line=one_line)
