"""The page: header, the workspace bar (task, model, own data) and the tabs."""

from __future__ import annotations

import uuid
from html import escape
from typing import Any

import gradio as gr

from core.data.catalog import task_text
from core.errors import ClozeLabError
from core.models.cards import model_card
from core.models.carried import CARRIED_MODELS
from core.models.model_files import bundled_names, offered_names
from ui.api import publish
from ui.compare.tab import Compare
from ui.feedback import Translate, explain, translator
from ui.lab.tab import Lab
from ui.languages import label
from ui.live import QUIET, follow, keep_answers_coming
from ui.own_data.wizard import OwnData, task_choices
from ui.search.tab import Search
from ui.services import Services
from ui.session import Session, unpack
from ui.train.tab import Train
from ui.use.tab import Use

HUB_MODELS = ("google-bert/bert-base-uncased", "FacebookAI/roberta-base",
              "FacebookAI/roberta-large", "albert/albert-base-v2",
              "distilbert/distilbert-base-uncased", "microsoft/deberta-v3-base",
              "google/flan-t5-small", "openai-community/gpt2")
_SANS = ["ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "PingFang SC",
         "Microsoft YaHei", "Noto Sans CJK SC", "sans-serif"]
_MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"]
_LOGO = '<span class="cl-logo">Cloze<i>[&nbsp;]</i>Lab</span>'


def theme() -> gr.themes.Base:
    """Colours and system fonts: nothing is fetched from anywhere."""
    return gr.themes.Base(primary_hue="indigo", secondary_hue="amber", neutral_hue="slate",
                          radius_size="md", font=_SANS, font_mono=_MONO)


def build_app(services: Services) -> gr.Blocks:
    """The whole interface over `services`."""
    with gr.Blocks(title="Cloze Lab", analytics_enabled=False, delete_cache=(3600, 86400)) as demo:
        publish(services)  # first, so that no event of the page has taken an endpoint's name
        session, header = _session(services)
        own_data = OwnData(services, session)
        lab, train = _tabs(services, session)

        def greet(request: gr.Request) -> str:
            return _header(services, translator(request))

        demo.load(greet, None, header, **QUIET)
        _open_on(demo, session, lab)
        own_data.chosen.change(lab.open_task, session.task, lab.opened, **QUIET)
        train.resume_on(demo)
        keep_answers_coming(demo, services.arrivals.news, session.arrived)
    return demo


def _session(services: Services) -> tuple[Session, gr.HTML]:
    """The browser's states, the header and the workspace bar."""
    secret = services.secret()
    visitor = gr.BrowserState("", storage_key="cloze_lab_visitor", secret=secret)
    variants = gr.BrowserState([], storage_key="cloze_lab_variants", secret=secret)
    own_tasks = gr.BrowserState([], storage_key="cloze_lab_tasks", secret=secret)
    header = gr.HTML(_header(services, str), elem_id="header")
    with gr.Row(elem_id="workspace"):
        task = gr.Dropdown(task_choices([]), value="reviews", label=label("Task"), elem_id="task",
                           allow_custom_value=services.settings.hub_data != ("none",), scale=3,
                           min_width=220)
        model = gr.Dropdown(_model_choices(services), value=services.settings.model,
                            label=label("Model"), elem_id="model", scale=3, min_width=220,
                            allow_custom_value=not services.backbones.allowed)
        arrived = gr.Textbox("", visible=False)
    About(services, task, model)
    return Session(visitor, task, model, arrived, variants, own_tasks), header


def _tabs(services: Services, session: Session) -> tuple[Lab, Train]:
    with gr.Tabs(elem_id="tabs"):
        with gr.Tab(label("Lab"), id="lab"):
            lab = Lab(services, session)
        with gr.Tab(label("Search"), id="search") as search_tab:
            search = Search(services, session, lab, search_tab)
        with gr.Tab(label("Train"), id="train") as train_tab:
            train = Train(services, session, lab, search, train_tab)
        with gr.Tab(label("Compare"), id="compare") as compare_tab:
            Compare(services, session, compare_tab)
        with gr.Tab(label("Use"), id="use") as use_tab:
            Use(services, session, use_tab)
    return lab, train


def _open_on(demo: gr.Blocks, session: Session, lab: Lab) -> None:
    """Fill the page when it opens: who the visitor is, the task, the Lab and its variants."""
    welcomed = demo.load(_welcome, [session.visitor, session.own_tasks],
                         [session.visitor, session.task], **QUIET)
    welcomed.then(lab.first_look, session.task, lab.opened, **QUIET)
    demo.load(lab.variants.show,
              [session.task, session.model, session.variants, lab.boxes.sample],
              lab.variants.outputs, **QUIET)


class About:
    """What the chosen task and model are: their cards, in an accordion under the workspace bar."""

    def __init__(self, services: Services, task: gr.Dropdown, model: gr.Dropdown) -> None:
        self.services = services
        with (gr.Accordion(label("About this task and model"), open=False,
                           elem_id="about") as part,
              gr.Row(elem_classes="cl-columns", equal_height=False)):
            self.task_card = gr.Markdown(elem_id="task-card", elem_classes="cl-about")
            self.model_card = gr.Markdown(elem_id="model-card", elem_classes="cl-about")
        follow([part.expand, task.change, model.change], self.show, [task, model],
               [self.task_card, self.model_card])

    def show(self, request: gr.Request, task: str | None, model: str | None) -> list[Any]:
        """Both cards, or a line that says that there is none."""
        translate = translator(request)
        name = (model or "").strip() or self.services.settings.model
        try:
            self.services.backbones.check_allowed(name)
            about_model = model_card(name)
        except ClozeLabError as error:
            about_model = explain(error, translate)
        nothing = translate("There is no card of {name} here.")
        return [task_text((task or "").strip()) or translate("These are your own data."),
                about_model or nothing.format(name=f"`{name[:80]}`")]


def _welcome(request: gr.Request, visitor: str, own_tasks: list[list[str]] | None) -> list[Any]:
    shared = unpack(request.query_params.get("p", "")) or {}
    chosen = {"value": shared["task"]} if isinstance(shared.get("task"), str) else {}
    return [visitor or uuid.uuid4().hex, gr.update(choices=task_choices(own_tasks or []), **chosen)]


def _model_choices(services: Services) -> list[tuple[str, str]]:
    hub = services.backbones.allowed or HUB_MODELS
    bundled, offered = bundled_names(), offered_names()
    carried = [name for name in CARRIED_MODELS if name in offered or not services.backbones.allowed]
    return [*((f"{name} · bundled", name) for name in bundled),
            *((f"{name} · {'package' if name in offered else 'hub'}", name) for name in carried),
            *((f"{name} · hub", name) for name in hub if name != "none")]


def _header(services: Services, translate: Translate) -> str:
    badges = "".join(f'<span class="cl-badge">{escape(translate(text))}</span>'
                     for text in services.badges())
    motto = escape(translate("Prompt-based few-shot learning, seen as it happens"))
    return f'<header class="cl-header"><h1>{_LOGO}</h1><p>{motto}</p><div>{badges}</div></header>'
