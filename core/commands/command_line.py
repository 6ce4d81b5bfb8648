"""From typed arguments to a printed result and an exit status; `COMMANDS` names every command.

With `--json` one JSON document goes to standard output and nothing else; progress, and what was
noticed in a person's files, goes to standard error. The exit status is 0; 1 if every run failed; 2
with one line that says what is wrong and what to do; 130 if interrupted.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence

from core.commands import catalogue, look, patterns, pretrain, report, study
from core.commands.command import Command
from core.errors import ClozeLabError
from core.settings import Settings

COMMANDS: tuple[Command, ...] = (
    *catalogue.COMMANDS,
    *look.COMMANDS,
    *patterns.COMMANDS,
    *study.COMMANDS,
    *pretrain.COMMANDS,
    *report.COMMANDS,
)


def run_command(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run the command that the arguments name, and print its result; return the exit status.

    Raises:
        SystemExit: help is asked for (0), or the arguments cannot be parsed (2).
    """
    try:
        options = _parser(arguments).parse_args(arguments)
        result = options.command.run(options, Settings.from_environment(environment))
        print(result.json() if options.json else result.text)
    except ClozeLabError as error:
        print(f"cloze-lab: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, BrokenPipeError):
        return 130
    return int(result.status)


def _parser(arguments: Sequence[str]) -> ArgumentParser:
    """A parser of all commands, with details only of those that `arguments` name.

    To know the kinds of `search`, for example, all methods must be imported, and torch with them.
    """
    parser = ArgumentParser(prog="python -m core", description="Cloze Lab's command line.")
    parsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        own = parsers.add_parser(command.name, help=command.about, description=command.about)
        own.add_argument("--json", action="store_true", help="print one JSON document")
        own.set_defaults(command=command)
        if command.name in arguments:
            command.add_arguments(own)
    return parser
