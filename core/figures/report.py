"""A study's report in a folder: its runs as tables, its spec, and its figures as HTML pages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import plotly.graph_objects as go

from core.errors import SpecError
from core.figures.comparison import paired_figure
from core.figures.curves import curves_worth_drawing, length_figure, shots_figure, size_figure
from core.figures.scores import score_figure
from core.figures.stability import stability_figure
from core.metrics.groups import main_metric_of
from core.metrics.significance import compare_methods
from core.runs.export import json_text, records_csv, study_yaml
from core.runs.records import RunRecord
from core.runs.store import RunStore
from core.runs.study import study_document


def write_report(study: str, store: RunStore, folder: Path) -> list[Path]:
    """Write runs.csv, study.yaml, summary.json and a page for each figure; return the files.

    The pages need no network. The study is the command line's, by its id.

    Raises:
        SpecError: the folder cannot be written.
    """
    records = store.records(store.command_line, study)
    texts, figures = _texts(study, store, records), _figures(records)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        for name, figure in figures.items():
            figure.write_html(folder / name, include_plotlyjs=True)
    except OSError as error:
        raise SpecError("The folder {folder!r} cannot be written: {why}.", folder=str(folder),
                        why=error.strerror or type(error).__name__) from error
    return [folder / name for name in (*texts, *figures)]


def _texts(study: str, store: RunStore, records: Sequence[RunRecord]) -> dict[str, str]:
    """The contents of the text files, by file name."""
    return {"runs.csv": records_csv(records),
            "study.yaml": study_yaml(store.study(study, store.command_line).spec),
            "summary.json": json_text(study_document(study, store))}


def _figures(records: Sequence[RunRecord]) -> dict[str, go.Figure]:
    """The figures, by file name; those of prefixes and sizes where there are several."""
    worth = curves_worth_drawing(records, main_metric_of(records))
    curves = {name: draw(records) for name, draw in (("length", length_figure),
                                                     ("size", size_figure)) if worth[name]}
    return {"scores.html": score_figure(records), "shots.html": shots_figure(records),
            **{f"{name}.html": figure for name, figure in curves.items()},
            "over-seeds.html": stability_figure(records, over="seed"),
            "over-patterns.html": stability_figure(records, over="pattern"),
            "differences.html": paired_figure(compare_methods(records))}
