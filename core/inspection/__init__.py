"""What a prompt looks like to a model: one prompt in detail, or one pattern over many examples.

Where the answers are texts, the same is shown of what the model writes.

Only what changed is computed again: features at the masks are kept for recent patterns, so a new
label word costs one small matrix product, and a text's tokens are kept whatever the pattern around
it.
"""

from core.inspection.beam_tree import BeamTree, Node
from core.inspection.differences import (
    Part,
    changed_spans,
    closest_reference,
    similarity,
    word_diff,
)
from core.inspection.examples import (
    Answer,
    DatasetView,
    look_at_examples,
    look_in_parts,
    views_in_parts,
)
from core.inspection.fields import FieldMarks, Fields, mark_fields, read_fields
from core.inspection.memory import forget
from core.inspection.prompt import PromptView, Step, Word, look_at_prompt, look_at_rendered
from core.inspection.question import Question, read_question
from core.inspection.text import (
    Alternative,
    TextView,
    Token,
    look_at_text,
    read_source,
    stream_text,
)
from core.inspection.text_examples import TextsView, look_at_texts, write_in_parts

__all__ = [
    "Alternative", "Answer", "BeamTree", "DatasetView", "FieldMarks", "Fields", "Node", "Part",
    "PromptView", "Question", "Step", "TextView", "TextsView", "Token", "Word", "changed_spans",
    "closest_reference", "forget", "look_at_examples", "look_at_prompt",
    "look_at_rendered", "look_at_text", "look_at_texts", "look_in_parts", "mark_fields",
    "read_fields", "read_question", "read_source", "similarity", "stream_text", "views_in_parts",
    "word_diff", "write_in_parts",
]
