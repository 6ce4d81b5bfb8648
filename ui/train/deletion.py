"""Deleting a study, in two steps: a button asks, and another one deletes."""

from __future__ import annotations

from typing import Any

import gradio as gr

from core.errors import SpecError
from ui.feedback import explain, message, translator
from ui.languages import label
from ui.live import QUIET
from ui.services import Services
from ui.session import Session

_QUESTION = ("Delete the study “{name}” with its {n} runs, their results and trained models? This "
             "cannot be undone.")
_QUESTION_OF_ONE = ("Delete the study “{name}” with its run, the results and the trained model? "
                    "This cannot be undone.")


class StudyDeletion:
    """The question, its two buttons, and a note on the outcome."""

    def __init__(self, services: Services, session: Session) -> None:
        self.services, self.session = services, session
        self.asked = gr.State("")  # the study that the question is about
        self.note = gr.HTML(elem_id="delete-note", elem_classes="cl-note-slot")
        with gr.Row(visible=False, elem_classes="cl-actions",
                    elem_id="delete-question") as self.question:
            self.confirm = gr.Button(label("Delete for good"), variant="stop", size="sm",
                                     elem_id="delete-confirm", min_width=140)
            self.keep = gr.Button(label("Keep it"), size="sm", elem_id="delete-keep", min_width=100)

    def listen(self, button: gr.Button, study: gr.Dropdown) -> Any:
        """Ask about the chosen study when `button` is pressed; gives the event of a deletion."""
        shown = [self.asked, self.note, self.question]
        button.click(self.ask, [self.session.visitor, study], shown, **QUIET)
        self.keep.click(self.dismiss, None, shown, **QUIET)
        return self.confirm.click(self.delete, [self.session.visitor, self.asked], shown, **QUIET)

    def ask(self, request: gr.Request, visitor: str, study_id: str | None) -> list[Any]:
        """Say what would be deleted, or why it cannot be."""
        translate, store = translator(request), self.services.store
        try:
            if not study_id:
                raise SpecError("There is no study to delete.")
            study = store.study(study_id, visitor)
        except Exception as error:
            return ["", message(explain(error, translate)), gr.update(visible=False)]
        runs = len(store.runs(visitor, study_id))
        text = translate(_QUESTION_OF_ONE if runs == 1 else _QUESTION)
        text = text.format(name=study.name, n=runs)
        return [study_id, message(text), gr.update(visible=True)]

    def delete(self, request: gr.Request, visitor: str, study_id: str) -> list[Any]:
        """Delete the study that was asked about."""
        translate = translator(request)
        try:
            self.services.store.delete_study(study_id, visitor)
        except Exception as error:
            return ["", message(explain(error, translate)), gr.update(visible=False)]
        return ["", message(translate("Deleted."), "good"), gr.update(visible=False)]

    def dismiss(self) -> list[Any]:
        """Leave everything as it is."""
        return ["", "", gr.update(visible=False)]
