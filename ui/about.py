"""What the chosen task and model are: their cards, opened where they are chosen."""

from __future__ import annotations

from typing import Any

import gradio as gr

from core.data.catalog import task_text
from core.errors import ClozeLabError
from core.models.cards import model_card
from ui.feedback import explain, speaker
from ui.live import follow
from ui.services import Services
from ui.text import label


class About:
    """An accordion under the workspace bar."""

    def __init__(self, services: Services, task: gr.Dropdown, model: gr.Dropdown) -> None:
        self.services = services
        with (gr.Accordion(label("About this task and model"), open=False, elem_id="about") as part,
              gr.Row(elem_classes="cl-columns", equal_height=False)):
            self.task_card = gr.Markdown(elem_id="task-card", elem_classes="cl-about")
            self.model_card = gr.Markdown(elem_id="model-card", elem_classes="cl-about")
        follow([part.expand, task.change, model.change], self.tell, [task, model], [self.task_card, self.model_card])

    def tell(self, request: gr.Request, task: str | None, model: str | None) -> list[Any]:
        """Both cards, or a line that says that there is none."""
        say = speaker(request)
        name = (model or "").strip() or self.services.settings.model
        try:
            self.services.backbones.check_allowed(name)
            about_model = model_card(name)
        except ClozeLabError as error:
            about_model = explain(error, say)
        nothing = say("There is no card of {name} here.")
        return [task_text((task or "").strip()) or say("These are your own data."),
                about_model or nothing.format(name=f"`{name[:80]}`")]
