"""How good runs are on groups of examples, such as seen and unseen categories."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import gradio as gr

from core.metrics.groups import grouped
from core.metrics.metric import Metric, metric_named
from core.metrics.significance import summarise
from core.runs.outputs import columns_to_group_by, measured_by_group
from core.runs.ready_made import READY_MADE
from core.runs.run import Run
from ui.compare.choice import Choice, Shown
from ui.compare.panels import group_heading, table_html
from ui.data_panels import as_choice
from ui.feedback import Translate, message, translator
from ui.languages import label
from ui.live import QUIET, follow
from ui.services import Services
from ui.session import Session

MOST_RUNS = 200  # that are measured by groups, the newest
_NOTHING = ("The examples of these runs have no further column with a few different values, such "
            "as a category.")


class Groups:
    """The tab and what answers its events."""

    def __init__(self, services: Services, session: Session, shown: gr.State,
                 metric: gr.Dropdown) -> None:
        self.services = services
        with gr.Tab(label("Groups"), id="compare-groups"):
            column = gr.Dropdown([], label=label("Groups of examples by the column"),
                                 elem_id="groups-column", min_width=240)
            table = gr.HTML(elem_id="groups-table")
            runs = [session.visitor, shown]
            listed = follow([shown.change], self.list_columns, [*runs, column], column)
            listed.then(self.show, [*runs, metric, column], table, **QUIET)
            follow([column.input, metric.input], self.show, [*runs, metric, column], table)

    def list_columns(self, visitor: str, shown: Shown, column: str | None) -> Any:
        """Offer the columns by which the examples of any run can be grouped."""
        names = dict.fromkeys(name for run in self._runs(visitor, shown)
                              for name in columns_to_group_by(self._table(run)))
        return gr.update(choices=[as_choice(name) for name in names], visible=bool(names),
                         value=column if column in names else next(iter(names), None))

    def show(self, request: gr.Request, visitor: str, shown: Shown, metric: str,
             column: str | None) -> str:
        """A row for each setting: the mean over its runs on each group of examples."""
        translate = translator(request)
        if not column:
            return message(translate(_NOTHING), "note")
        return self._grouped(self._runs(visitor, shown), column, metric_named(metric), translate)

    def _grouped(self, runs: Sequence[Run], column: str, metric: Metric,
                 translate: Translate) -> str:
        found = {run.id: measured_by_group(self._table(run), column, metric, run.labels)
                 for run in runs if metric.name in run.metrics and run.spec.kind in metric.kinds}
        sizes = {name: n for groups in found.values() for name, (n, _) in groups.items()}
        names = sorted(sizes)
        records = [run.record() for run in runs if found.get(run.id)]
        rows = []
        for setting, members in grouped(records).items():
            values: dict[str, list[float]] = defaultdict(list)
            for record in members:
                for name, (_, value) in found[record.id].items():
                    values[name].append(value)
            cells = [_mean_and_spread(values[name], metric) for name in names]
            rows.append([group_heading(setting, translate), len(members), *cells])
        heads = [translate("Method"), translate("Runs"),
                 *(f"{name} (n = {sizes[name]})" for name in names)]
        title = f'<p class="cl-hint">{metric.titled(translate)}</p>'
        return title + table_html(heads, rows) if rows else message(translate(_NOTHING), "note")

    def _runs(self, visitor: str, shown: Shown) -> list[Run]:
        runs = Choice.shown(self.services.store, visitor, shown).done
        return [run for run in runs if run.visitor != READY_MADE][-MOST_RUNS:]

    def _table(self, run: Run) -> Any:
        return self.services.store.predictions(run.id, run.visitor)


def _mean_and_spread(values: Sequence[float], metric: Metric) -> str:
    if not values:
        return "–"
    summary = summarise(values)
    spread = "" if summary.sd is None else f" ± {metric.spread(summary.sd)}"
    return metric.shown(summary.mean) + spread
