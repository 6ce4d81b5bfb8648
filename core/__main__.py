"""The entry of the command line, `python -m core COMMAND …`; `core/commands` has the commands."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # spinning threads starve other processes

from core.commands.command_line import run_command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, by default that of this process; return the exit status."""
    return run_command(sys.argv[1:] if arguments is None else arguments, os.environ)


if __name__ == "__main__":
    sys.exit(main())
