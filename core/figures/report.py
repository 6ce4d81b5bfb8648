"""A study written into a folder: its runs as tables, its spec, and its figures as pages that need nothing else."""

from __future__ import annotations

from pathlib import Path

from core.errors import SpecError
from core.figures.comparison import paired_figure
from core.figures.scores import score_figure, shots_figure
from core.figures.stability import stability_figure
from core.metrics.significance import compare_methods
from core.runs.export import json_text, records_csv, study_yaml
from core.runs.store import RunStore
from core.runs.study import study_document


def write_report(study: str, store: RunStore, folder: Path) -> list[Path]:
    """Write runs.csv, study.yaml, summary.json and one HTML page for each figure; return the files.

    Raises:
        SpecError: the folder cannot be written.
    """
    visitor = store.command_line
    records = store.records(visitor, study)
    texts = {"runs.csv": records_csv(records), "study.yaml": study_yaml(store.study(study, visitor).spec),
             "summary.json": json_text(study_document(study, store))}
    figures = {"scores": score_figure(records), "shots": shots_figure(records),
               "over-seeds": stability_figure(records, over="seed"),
               "over-patterns": stability_figure(records, over="pattern"),
               "differences": paired_figure(compare_methods(records))}
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            written.append(folder / name)
            written[-1].write_text(text, encoding="utf-8")
        for name, figure in figures.items():
            written.append(folder / f"{name}.html")
            figure.write_html(written[-1], include_plotlyjs=True)
    except OSError as error:
        raise SpecError("The folder {folder!r} cannot be written: {why}.", folder=str(folder),
                        why=error.strerror or type(error).__name__) from error
    return written
