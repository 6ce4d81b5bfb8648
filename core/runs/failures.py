"""Why runs fail: every error becomes a reason and a message that says what to do."""

from __future__ import annotations

import errno
import traceback
from dataclasses import dataclass, field
from typing import Any

import torch

from core.errors import ClozeLabError, DownloadError, PatternError, VerbalizerError
from core.runs.spec import RunSpec

REASONS = ("out of memory", "data", "pattern", "download", "killed", "bug")
_NO_ROOM = ("There was not enough memory for {method!r} on {model!r}. Choose a smaller batch size, "
            "a smaller model or shorter texts.")
_DISK_FULL = "The worker's disk is full: {why}. Free some space and run it again."
_BUG = ("Something went wrong in the app itself: {kind}: {why}. The run's log has the details; "
        "please report them.")
_KILLED = ("The process that did this run was ended {times} times, most likely because the machine "
           "had too little memory. Choose a smaller batch size or a smaller model.")
_INTERRUPTED = "The program that was doing this run has ended. Run it again to go on."
_NO_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")


@dataclass(frozen=True)
class Failure:
    """Why a run did not come to its end.

    Attributes:
        reason: one of REASONS; empty for a run that was interrupted.
        template, values: the message, which says what to do.
        details: for the run's log.
    """

    reason: str
    template: str
    values: dict[str, Any] = field(default_factory=dict)
    details: str = ""


def failure_of(error: Exception, spec: RunSpec) -> Failure:
    """Explain an error.

    Messages meant for people are kept; anything else is a bug, with details for the log.
    """
    details = "".join(traceback.format_exception(error)).rstrip()
    if isinstance(error, ClozeLabError):
        return Failure(_reason(error), error.template, error.values)
    text = (str(error).strip() or repr(error)).split("\n")[-1][:300]
    if _lacks_memory(error):
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        values = {"method": spec.method, "model": spec.model}
        return Failure("out of memory", _NO_ROOM, values, details)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return Failure("data", _DISK_FULL, {"why": text}, details)
    return Failure("bug", _BUG, {"kind": type(error).__name__, "why": text}, details)


def killed(times: int) -> Failure:
    """The failure of a run whose worker died again and again."""
    return Failure("killed", _KILLED, {"times": times})


def interrupted() -> Failure:
    """The failure of a run whose program has ended, and that no other program may do."""
    return Failure("", _INTERRUPTED)


def _lacks_memory(error: Exception) -> bool:
    known = isinstance(error, (MemoryError, torch.OutOfMemoryError))
    return known or any(sign in str(error).lower() for sign in _NO_MEMORY)


def _reason(error: ClozeLabError) -> str:
    if isinstance(error, DownloadError):
        return "download"
    return "pattern" if isinstance(error, (PatternError, VerbalizerError)) else "data"
