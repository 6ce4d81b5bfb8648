"""What LM-BFF's own search found, from its published files: the best for the task here are kept as variants."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gradio as gr

from core.errors import ClozeLabError, DataError
from core.prompts.dialects.lm_bff_results import FoundPVP, read_results_for
from core.prompts.pvp import PVP
from ui.feedback import explain, message, speaker
from ui.lab.variants import MAX_VARIANTS, Variant
from ui.languages import label
from ui.live import QUIET
from ui.services import Services
from ui.session import Session

_SHOWN, _MOST_BYTES = 12, 10_000_000
_HINT = ("Templates or label words as LM-BFF publishes them, one a line. A task of the same labels takes them too: "
         "reviews those of SST-2.")


class PublishedResults:
    """A file, what of it fits the task, and a button that keeps what is ticked."""

    def __init__(self, services: Services, session: Session) -> None:
        self.services = services
        with gr.Accordion(label("Results published with LM-BFF"), open=False, elem_id="published-results"):
            gr.Markdown(label(_HINT), elem_classes="cl-hint")
            file = gr.File(label=label("File (.jsonl, .txt, .tsv)"), elem_id="published-file", height=110)
            note = gr.HTML(elem_id="published-note", elem_classes="cl-note-slot")
            picked = gr.CheckboxGroup([], label=label("Take along"), visible=False, elem_id="published-picked")
            keep = gr.Button(label("Keep as variants, for Train"), visible=False, elem_id="published-keep")
        file.change(self.read, [session.task, file], [note, picked, keep], **QUIET)
        keep.click(self.keep, [session.task, picked, session.variants], [session.variants, note], **QUIET)

    def read(self, request: gr.Request, choice: str, path: str | None) -> list[Any]:
        """The best results for the task."""
        nothing = [gr.update(choices=[], value=[], visible=False), gr.update(visible=False)]
        if not path:
            return ["", *nothing]
        say = speaker(request)
        try:
            task = self.services.task(choice)
            results = read_results_for(_lines(Path(path)), task.name, task.schema)
        except ClozeLabError as error:
            return [message(explain(error, say)), *nothing]
        told = say("{n} results for this task, {refused} lines of no use; the best are shown.").format(
            n=len(results.found), refused=len(results.refused))
        offered = [(_title(each), json.dumps(each.pvp.as_dict(), ensure_ascii=False)) for each in
                   results.found[:_SHOWN]]
        return [message(told, "good"), gr.update(choices=offered, value=[offered[0][1]], visible=True),
                gr.update(visible=True)]

    def keep(self, request: gr.Request, choice: str, picked: list[str] | None,
             variants: list[Variant] | None) -> list[Any]:
        """Put what is ticked beside the variants, as far as it fits the task that is chosen now."""
        say, kept = speaker(request), list(variants or [])
        try:
            task = self.services.task(choice)
            new = [{"task": choice, **PVP.from_dict(json.loads(each), task.schema).as_dict()}
                   for each in picked or []]
        except ClozeLabError as error:
            return [gr.skip(), message(explain(error, say))]
        new = [each for each in new if each not in kept][: MAX_VARIANTS - len(kept)]
        told = say("Kept {n}. The Lab shows them side by side, and Train offers them.").format(n=len(new))
        return [[*kept, *new], message(told, "good")]


def _lines(path: Path) -> list[str]:
    if path.stat().st_size > _MOST_BYTES:
        raise DataError("The file has more than {limit} MB.", limit=_MOST_BYTES // 1_000_000)
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise DataError("The file is no text in UTF-8.") from error


def _title(found: FoundPVP) -> str:
    words = " / ".join(", ".join(each) for _, each in found.pvp.verbalizer.words)
    score = f"{found.dev_score:.3f} · " if found.dev_score is not None else ""
    return f"{score}{found.pvp.pattern} · {words}"
