"""Train: plan a study, start it, and watch, cancel or repeat its runs."""

from __future__ import annotations

import gradio as gr

from ui.lab.tab import Lab
from ui.live import QUIET
from ui.search.tab import Search
from ui.services import Services
from ui.session import Session
from ui.train.plan import Plan
from ui.train.runs import Runs

_POLL_SECONDS = 1.5


class Train:
    """The tab: a plan on the left, runs on the right."""

    def __init__(self, services: Services, session: Session, lab: Lab, search: Search,
                 tab: gr.Tab) -> None:
        with gr.Row(elem_classes="cl-columns", equal_height=False):
            with gr.Column(scale=5, min_width=340):
                plan = Plan(services, session, lab, search)
            with gr.Column(scale=7, min_width=340):
                self.runs = Runs(services, session)
        timer = gr.Timer(_POLL_SECONDS, active=False)
        plan.listen(tab)
        started = plan.start.click(plan.submit, [session.visitor, *plan.inputs],
                                   [plan.note, self.runs.study], **QUIET)
        self.runs.listen(tab, started, timer)

    def resume_on(self, demo: gr.Blocks) -> None:
        """Show the visitor's runs as soon as the page knows who they are."""
        self.runs.resume_on(demo)
