"""What a command is, what it gives, and how that is printed."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from core.runs.plain_values import plain
from core.settings import Settings


@dataclass(frozen=True)
class Result:
    """What a command gives.

    Attributes:
        document: plain values, printed as JSON with `--json`.
        text: the same for people.
        status: the exit status.
    """

    document: Any
    text: str
    status: int = 0

    def json(self) -> str:
        """The document in one line, with null for numbers that JSON does not know (NaN)."""
        return json.dumps(plain(self.document), ensure_ascii=False, allow_nan=False)


def _add_none(parser: ArgumentParser) -> None:
    """Declare no arguments."""


@dataclass(frozen=True)
class Command:
    """One command.

    Attributes:
        name: as it is typed.
        about: what it does, in a line of the help.
        run: does its work with the parsed arguments and the settings.
        add_arguments: declares its arguments; every command has `--json` anyway.
    """

    name: str
    about: str
    run: Callable[[Namespace, Settings], Result]
    add_arguments: Callable[[ArgumentParser], None] = _add_none


def align(rows: Iterable[Iterable[object]]) -> str:
    """Lines of a table whose columns are as wide as their widest cells."""
    table = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip_longest(*table, fillvalue="")]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in table)
