"""Templates of other projects (LM-BFF, OpenPrompt, promptsource), read and written as patterns.

A feature of a dialect that patterns do not have (soft tokens, code, conditions), or the other way
round, is a `PatternError` that names it; nothing is dropped in silence, and nothing in a template
is ever run as Python.
"""

from core.prompts.dialects.lm_bff import read_lm_bff, read_mapping, write_lm_bff, write_mapping
from core.prompts.dialects.openprompt import read_openprompt, write_openprompt
from core.prompts.dialects.promptsource import parse_promptsource, read_promptsource
from core.prompts.dialects.promptsource_writing import write_promptsource
from core.prompts.dialects.reading import DIALECTS, decode_templates, read_templates
from core.prompts.dialects.writing import write_template, write_templates

__all__ = [
    "DIALECTS",
    "decode_templates",
    "parse_promptsource",
    "read_lm_bff",
    "read_mapping",
    "read_openprompt",
    "read_promptsource",
    "read_templates",
    "write_lm_bff",
    "write_mapping",
    "write_openprompt",
    "write_promptsource",
    "write_template",
    "write_templates",
]
