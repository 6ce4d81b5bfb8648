"""`patterns`: templates of other projects, read as patterns or written."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from core.commands.command import Command, Result, align
from core.commands.loading import task_within_limits
from core.errors import SpecError
from core.settings import Settings

if TYPE_CHECKING:
    from core.data.task import Task
    from core.prompts.dialects.outcome import Reading


def _add_arguments(parser: ArgumentParser) -> None:
    from core.prompts.dialects import DIALECTS

    parser.add_argument("file", metavar="FILE", nargs="?",
                        help="templates, or what LM-BFF's search found; - is standard input")
    parser.add_argument("--task", default=None,
                        help="what they must fit; its labels get the label words")
    parser.add_argument("--dialect", choices=("auto", *DIALECTS), default="auto",
                        help="of FILE (default: found out)")
    parser.add_argument("--verbalizer", metavar="FILE",
                        help="label words, one label a line, or JSON")
    parser.add_argument("--pattern", help="write this one instead of reading FILE")
    parser.add_argument("--words", default="",
                        help='of --pattern, e.g. "negative=terrible;positive=great"')
    parser.add_argument("--write", choices=DIALECTS,
                        help="print in this dialect instead of as patterns")
    _add_arguments_of_searches(parser)


def _add_arguments_of_searches(parser: ArgumentParser) -> None:
    parser.add_argument("--published", default=None, metavar="TASK",
                        help="LM-BFF's task (default: the first in the file with the same labels)")
    parser.add_argument("--seed", type=int, default=None,
                        help="only those that LM-BFF found on this split")
    parser.add_argument("--best", type=int, default=None,
                        help="how many to print (default: all, but 10 of what a search found)")


def _patterns(options: Namespace, settings: Settings) -> Result:
    from core.prompts.dialects.listing import list_patterns, list_written

    task = task_within_limits(options.task, settings) if options.task else None
    reading = _read(options, task)
    if options.write:
        listing = list_written(reading, options.write)
    else:
        listing = list_patterns(reading, options.best)
    for line in listing.remarks:
        print(line, file=sys.stderr)
    text = listing.text if isinstance(listing.text, str) else align(listing.text)
    return Result(listing.rows, text)


def _read(options: Namespace, task: Task | None) -> Reading:
    """The patterns of the file, or the one that is typed.

    Raises:
        ClozeLabError: neither or both are given, or they cannot be used.
    """
    from core.prompts.dialects.listing import read_file, typed_pattern

    if (options.file is None) == (options.pattern is None):
        raise SpecError("Give either a file of templates or {option}.", option="--pattern")
    if options.pattern is not None:
        return typed_pattern(options.pattern, options.words, task)
    return read_file(options.file, task, dialect=options.dialect, verbalizer=options.verbalizer,
                     published=options.published, seed=options.seed)


COMMANDS = (
    Command("patterns", "read templates of LM-BFF, OpenPrompt or promptsource as patterns, or "
                        "write patterns as such", _patterns, _add_arguments),
)
