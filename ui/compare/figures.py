"""Scores, stability and differences of the compared runs: figures, each with its table."""

from __future__ import annotations

from typing import Any

import gradio as gr

from core.figures.comparison import paired_figure
from core.figures.curves import curves_worth_drawing, length_figure, shots_figure, size_figure
from core.figures.scores import score_figure
from core.figures.stability import stability_figure
from core.metrics.significance import compare_methods, summary_rows
from core.runs.comparison import spread_rows
from core.runs.records import RunRecord
from ui.compare.choice import Choice, Shown
from ui.compare.panels import difference_table, spread_table, summary_table, verdicts
from ui.feedback import translator
from ui.languages import label
from ui.live import follow
from ui.services import Services
from ui.session import Session

_CURVES = {"shots": ("More examples", shots_figure),
           "length": ("Longer prefixes", length_figure),
           "size": ("More stored parameters", size_figure)}
_BY = "by-"  # a value that is a text of the app would be translated by the browser, and refused


def plot(name: gr.I18n, elem_id: str, *, visible: bool = True) -> gr.Plot:
    """A figure's place, without a caption of its own."""
    return gr.Plot(label=name, show_label=False, elem_id=elem_id, visible=visible)


class Figures:
    """Three tabs; each follows the runs that are shown and the measure."""

    def __init__(self, services: Services, session: Session, shown: gr.State,
                 metric: gr.Dropdown) -> None:
        self.services = services
        self.progress: dict[str, Any] = {"show_progress": "minimal", "show_progress_on": None}
        self.runs, self.news = [session.visitor, shown, metric], [shown.change, metric.input]
        with gr.Tab(label("Scores"), id="compare-scores"):
            self._scores()
        with gr.Tab(label("Stability"), id="compare-stability"):
            self._stability()
        with gr.Tab(label("Differences"), id="compare-differences"):
            self._differences()

    def _scores(self) -> None:
        scores = plot(label("Mean, spread and every run"), "score-figure")
        summary = gr.HTML(elem_id="score-table")
        curves = [plot(label(title), f"{name}-figure", visible=False)
                  for name, (title, _) in _CURVES.items()]
        follow(self.news, self.show_scores, self.runs, [scores, summary, *curves],
               **self.progress)

    def _stability(self) -> None:
        over = gr.Radio([(label("seeds"), "by-seed"), (label("patterns"), "by-pattern")],
                        value="by-pattern", label=label("How much results vary over"),
                        elem_id="stability-over")
        figure = plot(label("Stability"), "stability-figure")
        spread = gr.HTML(elem_id="stability-table")
        follow([*self.news, over.input], self.show_stability, [*self.runs, over],
               [figure, spread], **self.progress)

    def _differences(self) -> None:
        sides = [(label("methods"), "by-method"),
                 (label("methods with their patterns"), "by-pattern")]
        by = gr.Radio(sides, value="by-method", label=label("Differences between"),
                      elem_id="differences-by")
        words = gr.HTML(elem_id="differences-words")
        pairs = plot(label("Paired differences"), "differences-figure")
        tests = gr.HTML(elem_id="differences-table")
        follow([*self.news, by.input], self.show_differences, [*self.runs, by],
               [words, pairs, tests], **self.progress)

    def show_scores(self, request: gr.Request, visitor: str, shown: Shown,
                    metric: str) -> list[Any]:
        """Means with spread, interval and every run, and the curves that the runs make."""
        translate, records = translator(request), self._records(visitor, shown)
        worth = curves_worth_drawing(records, metric)
        curves = [gr.update(visible=worth[name],
                            value=draw(records, metric, translate) if worth[name] else None)
                  for name, (_, draw) in _CURVES.items()]
        return [score_figure(records, metric, translate),
                summary_table(summary_rows(records, metric), metric, translate), *curves]

    def show_stability(self, request: gr.Request, visitor: str, shown: Shown, metric: str,
                       over: str) -> list[Any]:
        """Box plots over patterns or over seeds."""
        translate, records = translator(request), self._records(visitor, shown)
        varied = over.removeprefix(_BY)
        return [stability_figure(records, metric, varied, translate),
                spread_table(spread_rows(records, metric, varied), metric, varied, translate)]

    def show_differences(self, request: gr.Request, visitor: str, shown: Shown, metric: str,
                         by: str) -> list[Any]:
        """Which methods differ by more than chance: in words, as a figure and as a table."""
        translate, records = translator(request), self._records(visitor, shown)
        found = compare_methods(records, metric, by.removeprefix(_BY))
        return [verdicts(found, translate), paired_figure(found, translate),
                difference_table(found, translate)]

    def _records(self, visitor: str, shown: Shown) -> list[RunRecord]:
        return Choice.shown(self.services.store, visitor, shown).records
