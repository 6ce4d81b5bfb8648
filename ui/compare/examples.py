"""Examples that one run answers better than another."""

from __future__ import annotations

from typing import Any

import gradio as gr

from core.errors import InputError
from core.metrics.metric import main_metric_in
from core.metrics.significance import mcnemar, paired_bootstrap
from core.runs.comparison import SideBySide, opponents, side_by_side
from core.runs.ready_made import READY_MADE
from ui.compare.choice import Choice, Shown
from ui.compare.paging import PAGE, page_boxes, place_line
from ui.compare.panels import bootstrap_panel, example_list, mcnemar_panel, run_names
from ui.feedback import Translate, explain, message, translator
from ui.languages import label
from ui.live import QUIET, follow
from ui.services import Services
from ui.session import Session

WHO_IS_RIGHT = {"a": "A right, B wrong", "b": "B right, A wrong", "neither": "both wrong"}
WHO_IS_BETTER = {"a": "A better", "b": "B better",
                 "equal": "equally good"}  # where scores are not right or wrong
_NO_TEXTS = ("Comparisons that come with the app have no single answers here. Choose runs of your "
             "own.")
_NEEDS_TWO = "Choose two finished runs of the same task."


class Examples:
    """The tab and what answers its events."""

    def __init__(self, services: Services, session: Session, shown: gr.State) -> None:
        self.services = services
        with gr.Tab(label("Examples"), id="compare-examples"):
            with gr.Row(elem_classes="cl-actions"):
                a = gr.Dropdown([], label="A", elem_id="examples-a", min_width=240)
                b = gr.Dropdown([], label="B", elem_id="examples-b", min_width=240)
            test = gr.HTML(elem_id="examples-test")
            right = gr.Radio([(label(text), key) for key, text in WHO_IS_RIGHT.items()], value="a",
                             label=label("Examples with"), elem_id="examples-right")
            examples = gr.HTML(elem_id="examples-list")
            back, place, on = page_boxes("examples")
            page = gr.State(0)
            outputs = [test, right, examples, place, back, on, page]
            self._listen([session.visitor, shown, a, b], right, outputs)

    def _listen(self, sides: list[Any], right: gr.Radio, outputs: list[Any]) -> None:
        visitor, shown, a, b = sides
        runs, (back, on, page) = [visitor, a, b, right], outputs[-3:]
        follow([shown.change], self.list_runs, sides, [a, b]).then(
            self.show, runs, outputs, **QUIET)
        follow([a.input, b.input, right.input], self.show, runs, outputs)
        back.click(self.back, [*runs, page], outputs, **QUIET)
        on.click(self.on, [*runs, page], outputs, **QUIET)

    def list_runs(self, request: gr.Request, visitor: str, shown: Shown, a: str | None,
                  b: str | None) -> list[Any]:
        """Offer the finished runs.

        At first the best one, and the best of another method with the same seed, are chosen.
        """
        records = Choice.shown(self.services.store, visitor, shown).done_records
        names, ids = run_names(records, translator(request)), [record.id for record in records]
        if a not in ids or b not in ids:
            a, b = opponents(records)
        choices = list(zip(names, ids, strict=True))
        return [gr.update(choices=choices, value=a), gr.update(choices=choices, value=b)]

    def back(self, request: gr.Request, visitor: str, a: str | None, b: str | None, right: str,
             page: int) -> list[Any]:
        """The page before."""
        return self.show(request, visitor, a, b, right, page - 1)

    def on(self, request: gr.Request, visitor: str, a: str | None, b: str | None, right: str,
           page: int) -> list[Any]:
        """The next page."""
        return self.show(request, visitor, a, b, right, page + 1)

    def show(self, request: gr.Request, visitor: str, a: str | None, b: str | None, right: str,
             page: int = 0) -> list[Any]:
        """The test over all examples, and a page of those that are asked for."""
        translate = translator(request)
        try:
            joined = self._joined(visitor, a, b)
        except Exception as error:
            return [message(explain(error, translate), "note"), gr.skip(), "", "",
                    *[gr.update(interactive=False)] * 2, 0]
        names = WHO_IS_RIGHT if joined.right_or_wrong else WHO_IS_BETTER
        right = right if right in names else list(names)[-1]
        counts = joined.rows["better"].value_counts()
        choices = [(f"{translate(text)} ({counts.get(key, 0)})", key)
                   for key, text in names.items()]
        return [_test(joined, translate), gr.update(choices=choices, value=right),
                *_page(joined, right, page, translate)]

    def _joined(self, visitor: str, a: str | None, b: str | None) -> SideBySide:
        if any((key or "").startswith(READY_MADE) for key in (a, b)):
            raise InputError(_NO_TEXTS)
        store, keys = self.services.store, [key for key in (a, b) if key]
        tables = [store.predictions(key, visitor) for key in keys]
        if len(tables) < 2 or any(table.empty for table in tables):
            raise InputError(_NEEDS_TWO)
        return side_by_side(*tables,
                            main_metric_in(store.run(key, visitor).metrics for key in keys))


def _page(joined: SideBySide, right: str, page: int, translate: Translate) -> list[Any]:
    """A page of examples, its place among all, both buttons, and the number of the page."""
    found = joined.where(right)
    page = max(0, min(page, (len(found) - 1) // PAGE))
    start, end = page * PAGE, min(len(found), (page + 1) * PAGE)
    listed = example_list(found.iloc[start:end], start + 1, joined.right_or_wrong, translate)
    return [listed, place_line(start, end, len(found), translate),
            gr.update(interactive=page > 0), gr.update(interactive=end < len(found)), page]


def _test(joined: SideBySide, translate: Translate) -> str:
    """McNemar's test, where answers are right or wrong, and the interval of the difference."""
    interval = paired_bootstrap(joined.scores("a"), joined.scores("b"), 0)
    if not joined.right_or_wrong:
        return bootstrap_panel(interval, joined, translate)
    a, b = joined.right("a"), joined.right("b")
    return mcnemar_panel(mcnemar(a, b), (sum(a), sum(b)), interval, joined, translate)
