"""The predictor whose way of scoring fits a pattern, its label words and a model."""

from __future__ import annotations

from collections.abc import Callable

from core.data.task import Example
from core.errors import SpecError
from core.learning.demonstrations import DemonstratedPredictor, Demonstrations
from core.learning.method import Problem
from core.learning.multi_mask import MultiMaskPredictor, MultipleChoicePredictor
from core.learning.prompting import PromptPredictor
from core.learning.whole_prompt import (
    ChannelPredictor,
    DemonstratedWholePromptPredictor,
    WholePromptPredictor,
)
from core.models.backbone import Backbone
from core.models.encoding import Limits
from core.models.scorers import scorer_for
from core.models.whole_prompt import text_follows
from core.prompts.pattern import Prompt
from core.prompts.pvp import PVP

_KINDS = {"single mask": PromptPredictor, "multi-mask": MultiMaskPredictor,
          "multiple choice": MultipleChoicePredictor, "whole prompt": WholePromptPredictor}


def prompt_predictor(backbone: Backbone, pvp: PVP,
                     render: Callable[[Example], Prompt] | None = None,
                     limits: Limits = Limits(), *, channel: bool = False) -> PromptPredictor:
    """A backbone asked through a PVP.

    Args:
        render: replaces the pattern's own rendering.
        channel: only what follows a label's word counts; see `check_channel`.
    """
    if channel:
        return ChannelPredictor(backbone, pvp, render, limits)
    kind = _KINDS[scorer_for(pvp.verbalizer, backbone, pvp.pattern)]
    return kind(backbone, pvp, render, limits)


def check_channel(problem: Problem, channel: bool) -> None:
    """Check that the noisy channel can be asked, if it is wanted.

    Raises:
        SpecError: the model is no causal one, or no text follows the mask of a pattern.
    """
    if not channel:
        return
    if problem.backbone.family != "causal" or not problem.schema.has_words:
        raise SpecError(
            "The noisy channel ('channel') asks a causal model about label words; {model!r} is a "
            "{family} model, and this is {kind}.", model=problem.backbone.name,
            family=problem.backbone.family, kind=problem.schema.kind)
    for pvp in problem.pvps:
        if not text_follows(pvp.pattern):
            raise SpecError(
                "The noisy channel ('channel') needs the text after the {field}; in the pattern "
                "{pattern!r} none follows. Move the {field} before the text.",
                field="{mask}", pattern=str(pvp.pattern))


def demonstrated_predictor(backbone: Backbone, pvp: PVP,
                           demonstrations: Demonstrations) -> DemonstratedPredictor:
    """The same with demonstrations that are drawn anew for each text."""
    whole = scorer_for(pvp.verbalizer, backbone, pvp.pattern) == "whole prompt"
    kind = DemonstratedWholePromptPredictor if whole else DemonstratedPredictor
    return kind(backbone, pvp, demonstrations)
