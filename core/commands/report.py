"""`report` and `delete`: studies that were run."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from core.commands.command import Command, Result
from core.commands.loading import add_data_folder, data_folder, settings_here
from core.commands.summary import summary_text
from core.settings import Settings


def _add_report_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("study", help="its name or id")
    parser.add_argument("--out", default=None, help="folder to write to (default: only print)")
    parser.add_argument("--ready-made", metavar="FILE",
                        help="keep the study as a file for everybody's Compare")
    parser.add_argument("--about", default="", help="what it shows, in a sentence or two")
    add_data_folder(parser, about=None)


def _report(options: Namespace, settings: Settings) -> Result:
    from core.figures.report import write_report
    from core.runs.ready_made import write_ready_made
    from core.runs.study import study_document, study_named

    store = data_folder(settings_here(options, settings)).store
    key = study_named(options.study, store)
    document = study_document(key, store)
    if options.out:
        document["files"] = [str(path) for path in write_report(key, store, Path(options.out))]
    if options.ready_made:
        write_ready_made(key, store, Path(options.ready_made), options.about)
    written = "".join(f"\nwrote {path}" for path in document.get("files", []))
    return Result(document, summary_text(document) + written)


def _add_delete_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("study",
                        help="its id, or its name (of several with that name, the newest)")
    add_data_folder(parser)


def _delete(options: Namespace, settings: Settings) -> Result:
    from core.runs.study import study_named

    store = data_folder(settings_here(options, settings)).store
    key = study_named(options.study, store)
    name = store.study(key, store.command_line).name
    count = len(store.runs(store.command_line, key))
    store.delete_study(key, store.command_line)
    text = f"deleted the study {name} ({key}) with {count} runs"
    return Result({"study": name, "id": key, "runs": count}, text)


COMMANDS = (
    Command("report", "summarise a study that was run: tables, figures, downloads",
            _report, _add_report_arguments),
    Command("delete", "delete a study, its runs, their results and trained models, for good",
            _delete, _add_delete_arguments),
)
