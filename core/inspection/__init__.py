"""What a prompt looks like to a model: one prompt in detail, or one pattern over many examples.

Only what changed is computed again: features at the masks are kept for recent patterns, so a new
label word costs one small matrix product, and a text's tokens are kept whatever the pattern around
it.
"""

from core.inspection.examples import (
    Answer,
    DatasetView,
    look_at_examples,
    look_in_parts,
    views_in_parts,
)
from core.inspection.memory import forget
from core.inspection.prompt import PromptView, Step, Word, look_at_prompt, look_at_rendered
from core.inspection.question import Question, read_question
from core.inspection.written import WrittenAnswers, text_question, written_answers

__all__ = [
    "Answer", "DatasetView", "PromptView", "Question", "Step", "Word", "WrittenAnswers", "forget",
    "look_at_examples", "look_at_prompt", "look_at_rendered", "look_in_parts", "read_question",
    "text_question", "views_in_parts", "written_answers",
]
