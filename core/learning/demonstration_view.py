"""Demonstrations made visible: which were chosen for a text, how like it they are, and what the
model then answers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.data.task import Example
from core.inspection import PromptView, Question, look_at_rendered
from core.learning.demonstrations import Demonstrations
from core.learning.predictors import demonstrated_predictor
from core.models.backbone import Backbone
from core.models.encoding import Limits
from core.prompts.pvp import PVP


@dataclass(frozen=True)
class DemonstrationView:
    """One text asked about with demonstrations beside it.

    Attributes:
        shown: the demonstrations of the first draw, in the labels' order, with their similarity to
            the text: cosine of their sentence vectors, from -1 to 1.
        candidates: label → how many examples are drawn from.
        prompt: the whole prompt of the first draw, and what the model answers to it alone.
        label_probabilities: label → probability over all draws.
    """

    shown: list[tuple[Example, float]]
    candidates: dict[str, int]
    prompt: PromptView
    label_probabilities: dict[str, float]


def look_at_demonstrations(question: Question, example: Example, demonstrations: Demonstrations,
                           backbone: Backbone) -> DemonstrationView:
    """Ask about one text with demonstrations.

    Raises:
        InputError: the question is not sound, a label has fewer than two examples, or the prompt
            does not fit.
    """
    question.check()
    assert question.pattern is not None
    assert question.verbalizer is not None
    asked = demonstrated_predictor(backbone, PVP(question.pattern, question.verbalizer),
                                   demonstrations)
    whole = look_at_rendered(asked.prompt(example), question, backbone,
                             Limits(other=demonstrations.tokens))
    labels = question.verbalizer.labels
    probabilities = np.exp(asked.log_probs([example])[0]).tolist()
    return DemonstrationView(asked.shown(example),
                             dict(zip(labels, asked.drawn_from(example), strict=True)), whole,
                             dict(zip(labels, probabilities, strict=True)))
