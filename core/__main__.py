"""The command line: `python -m core …` does all that the browser does.

With `--json` one JSON document goes to standard output and nothing else; progress goes to standard error. The exit
status is 0, or 2 with one line that says what is wrong and what to do.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that spin starve the other process of the same cores

from core.data.catalog import load_task, task_cards
from core.data.files import DataLimits
from core.data.further_texts import parse_texts
from core.data.task import Example, Task
from core.errors import ClozeLabError, SpecError
from core.methods.registry import METHODS, searches
from core.metrics.metric import METRICS, metric_named
from core.models.backbone import BackboneCache, bundled_names
from core.models.placement import Placement
from core.prompts.dialects import DIALECTS
from core.prompts.library import published_pvps
from core.prompts.verbalizer import Verbalizer
from core.settings import Settings

if TYPE_CHECKING:
    from core.runs.folder import DataFolder
    from core.runs.spec import StudySpec


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        settings = Settings.from_environment(os.environ)
        result, text = options.command(options, settings)
    except ClozeLabError as error:
        print(f"cloze-lab: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, BrokenPipeError):
        return 130
    print(json.dumps(result, ensure_ascii=False) if options.json else text)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m core", description="Cloze Lab's command line.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Any, about: str) -> argparse.ArgumentParser:
        found = commands.add_parser(name, help=about, description=about)
        found.add_argument("--json", action="store_true", help="print one JSON document")
        found.set_defaults(command=command)
        return found

    add("tasks", _tasks, "list the bundled tasks and the published ones that the hub offers")
    add("models", _models, "list the bundled models")
    add("methods", _methods, "list the methods and their options")
    add("metrics", _metrics, "list the metrics, what they measure and which way is better")
    look = add("look", _look, "ask a pattern about one text, or about a task's test part")
    look.add_argument("--task", required=True)
    look.add_argument("--pattern", required=True)
    look.add_argument("--words", default="", help='e.g. "negative=terrible;positive=great"; none where examples bring '
                                                  "their own answers")
    look.add_argument("--text", help="ask about this text instead of the test part")
    look.add_argument("--text-b", default="", help="the second text of a pair")
    look.add_argument("--more", action="append", default=[], metavar="NAME: TEXT", help="a further text")
    look.add_argument("--model", default=None)
    look.add_argument("--limit", type=int, default=None, help="test rows to ask about (default: all)")
    patterns = add("patterns", _patterns,
                   "read templates of LM-BFF, OpenPrompt or promptsource as patterns, or write patterns as such")
    patterns.add_argument("file", metavar="FILE", nargs="?",
                          help="templates, or what LM-BFF's search found; - is standard input")
    patterns.add_argument("--task", default=None, help="what they must fit; its labels get the label words")
    patterns.add_argument("--dialect", choices=("auto", *DIALECTS), default="auto", help="of FILE (default: found out)")
    patterns.add_argument("--verbalizer", metavar="FILE", help="label words, one label a line, or JSON")
    patterns.add_argument("--pattern", help="write this one instead of reading FILE")
    patterns.add_argument("--words", default="", help='of --pattern, e.g. "negative=terrible;positive=great"')
    patterns.add_argument("--write", choices=DIALECTS, help="print in this dialect instead of as patterns")
    patterns.add_argument("--published", default=None, metavar="TASK",
                          help="LM-BFF's task (default: the first in the file with the same labels)")
    patterns.add_argument("--seed", type=int, default=None, help="only those that LM-BFF found on this split")
    patterns.add_argument("--best", type=int, default=None,
                          help="how many to print (default: all, but 10 of what a search found)")
    run = add("run", _run, "run a study file")
    run.add_argument("study", metavar="STUDY.yaml")
    run.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a key, e.g. seeds=[13,21]")
    run.add_argument("--data-dir", default=None, help="where runs are kept (default: CLOZE_LAB_DATA)")
    search = add("search", _search, "search label words, LM-BFF's way or PETAL's, or patterns, as a file says")
    search.add_argument("kind", choices=[method.search.kind for method in searches() if method.search])
    search.add_argument("file", metavar="SEARCH.yaml")
    search.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="e.g. search.words.rerank=20")
    search.add_argument("--data-dir", default=None, help="where runs are kept (default: CLOZE_LAB_DATA)")
    pretrain = add("pretrain", _pretrain, "train a language model by a recipe; go on where it was interrupted")
    pretrain.add_argument("recipe", metavar="RECIPE.yaml")
    pretrain.add_argument("--corpora", required=True, metavar="FOLDER", help="where the recipe's text files lie")
    pretrain.add_argument("--data", metavar="FOLDER", help="where the tables of its tasks lie (default: the same)")
    pretrain.add_argument("--out", required=True, metavar="FOLDER", help="for checkpoints, and the model in the end")
    pretrain.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="e.g. tokens=1000000")
    report = add("report", _report, "summarise a study that was run: tables, figures, downloads")
    report.add_argument("study", help="its name or id")
    report.add_argument("--out", default=None, help="folder to write to (default: only print)")
    report.add_argument("--ready-made", metavar="FILE", help="keep the study as a file for everybody's Compare")
    report.add_argument("--about", default="", help="what it shows, in a sentence or two")
    report.add_argument("--data-dir", default=None)
    delete = add("delete", _delete, "delete a study, its runs, their results and trained models, for good")
    delete.add_argument("study", help="its id, or its name (of several with that name, the newest)")
    delete.add_argument("--data-dir", default=None, help="where runs are kept (default: CLOZE_LAB_DATA)")
    return parser


def _tasks(options: argparse.Namespace, settings: Settings) -> tuple[Any, str]:  # noqa: ARG001
    rows = [{"name": card.name, "title": card.title, "kind": card.schema.kind,
             "labels": list(card.schema.labels), "pairs": card.schema.pairs,
             "source": card.source, "language": card.language, "summary": card.summary,
             "patterns": [dataclasses.asdict(pvp) for pvp in published_pvps(card.name)]} for card in task_cards()]
    return rows, _lines((card.name, card.source, card.answers, card.summary) for card in task_cards())


def _models(options: argparse.Namespace, settings: Settings) -> tuple[Any, str]:  # noqa: ARG001
    from core.models.backbone import BUNDLED_FOLDER, FAMILIES

    rows = []
    for name in bundled_names():
        kind = json.loads((BUNDLED_FOLDER / name / "config.json").read_text(encoding="utf-8"))["model_type"]
        size = sum(path.stat().st_size for path in (BUNDLED_FOLDER / name).glob("*.safetensors"))
        rows.append({"name": name, "family": FAMILIES[kind], "type": kind, "bytes": size, "source": "bundled"})
    return rows, _lines((r["name"], r["family"], f"{r['bytes'] / 1e6:.0f} MB") for r in rows)


def _methods(options: argparse.Namespace, settings: Settings) -> tuple[Any, str]:  # noqa: ARG001
    rows = [{"name": method.name, "title": method.title, "paper": method.paper, "summary": method.summary(),
             "kinds": list(method.kinds), "uses_pattern": method.uses_pattern, "families": list(method.families),
             "options": {each.name: {"default": each.default, "explain": each.metadata["explain"]}
                         for each in dataclasses.fields(method.options)}} for method in METHODS.values()]
    return rows, _lines((row["name"], row["summary"]) for row in rows)


def _metrics(options: argparse.Namespace, settings: Settings) -> tuple[Any, str]:  # noqa: ARG001
    rows = [{"name": metric.name, "title": metric.title, "kinds": list(metric.kinds), "unit": metric.unit,
             "higher_is_better": metric.higher_is_better, "explain": metric.explain} for metric in METRICS.values()]
    return rows, _lines((metric.name, "higher is better" if metric.higher_is_better else "lower is better",
                         ", ".join(metric.kinds), metric.explain) for metric in METRICS.values())


def _look(options: argparse.Namespace, settings: Settings) -> tuple[Any, str]:
    from core.inspection import look_at_examples, look_at_prompt, read_question
    from core.runs.execution import test_part

    task = _load(options.task, settings)
    backbone = _backbones(settings).get(options.model or settings.model)
    verbalizer = Verbalizer.parse(options.words, task.schema.labels) if task.schema.has_words else None
    question = read_question(options.pattern, verbalizer.as_dict() if verbalizer else {}, task, backbone)
    question.check()
    if options.limit is not None and options.limit < 1:
        raise SpecError("--limit is {value}; it must be above 0.", value=options.limit)
    if options.text is not None:
        more = parse_texts("\n".join(options.more), task.schema.columns)
        view = look_at_prompt(question, Example(options.text, options.text_b, None, more), backbone)
        words = [{"word": word.word, "probability": word.probability} for word in view.top_words[0]]
        return ({"tokens": view.tokens, "mask_positions": view.mask_positions, "top_words": words,
                 "label_probabilities": view.label_probabilities},
                f"{view.prompt.text()}\n" + _lines((label, f"{p:.1%}") for label, p in view.label_probabilities.items())
                + "\nmost probable words: " + ", ".join(f"{w['word']} {w['probability']:.1%}" for w in words))
    found = look_at_examples(question, test_part(task, options.limit), backbone)
    measured, calibrated = found.evaluation, found.calibrated
    metric, ends = measured.metric, measured.interval or (None, None)
    within = " (95 % {} – {})".format(*map(metric.shown, measured.interval)) if measured.interval else ""
    return ({metric.name: measured.value, "n": measured.n, "ci95": list(ends),
             "confusion": measured.confusion, "label_probabilities_mean": found.label_probabilities_mean,
             f"calibrated_{metric.name}": calibrated.value if calibrated else None},
            f"{metric.name} {metric.shown(measured.value)}{within} over {measured.n} examples"
            + (f", calibrated {metric.shown(calibrated.value)}" if calibrated else ""))


def _patterns(options: argparse.Namespace, settings: Settings) -> tuple[Any, str]:
    from core.prompts.dialects.listing import list_patterns, list_written, read_file, typed_pattern

    task = _load(options.task, settings) if options.task else None
    if (options.file is None) == (options.pattern is None):
        raise SpecError("Give either a file of templates or {option}.", option="--pattern")
    if options.pattern is not None:
        reading = typed_pattern(options.pattern, options.words, task)
    else:
        reading = read_file(options.file, task, dialect=options.dialect, verbalizer=options.verbalizer,
                            published=options.published, seed=options.seed)
    listing = list_written(reading, options.write) if options.write else list_patterns(reading, options.best)
    for line in listing.remarks:
        print(line, file=sys.stderr)
    return listing.rows, listing.text if isinstance(listing.text, str) else _lines(listing.text)


def _run(options: argparse.Namespace, settings: Settings) -> tuple[Any, str]:
    from core.runs.spec import StudySpec
    from core.runs.study import study_document
    from core.runs.study_file import read_study_file

    study = StudySpec.from_dict(read_study_file(Path(options.study), options.set))
    key, folder = _done(study, _placed(options, settings))
    document = study_document(key, folder.store)
    return document, _summary(document)


def _search(options: argparse.Namespace, settings: Settings) -> tuple[Any, str]:
    from core.runs.search_study import search_document, study_of_search
    from core.runs.study_file import read_study_file

    study = study_of_search(read_study_file(Path(options.file), options.set), options.kind)
    key, folder = _done(study, _placed(options, settings))
    document = search_document(key, options.kind, folder.store)
    lines = [f"seed {search['seed']}: {search['error'] or search['status']}\n" + _lines(
        (each["rank"], "" if each["dev"] is None else f"{each['dev']:.3f}", each["pattern"],
         " / ".join(", ".join(words) for words in each["words"].values())) for each in search["candidates"][:20])
        for search in document["searches"]]
    return document, "\n".join(lines)


def _done(study: StudySpec, settings: Settings) -> tuple[str, DataFolder]:
    """Check a study, do all its runs, and return its id and where they are kept."""
    from core.runs.preflight import check_runs
    from core.runs.study import run_study

    task = _load(study.task, settings)
    check_runs(study.runs(task), task, _backbones(settings), settings.max_steps)
    folder = _opened(settings)
    return run_study(study, task, folder, settings, lambda line: print(line, file=sys.stderr, flush=True)), folder


def _pretrain(options: argparse.Namespace, settings: Settings) -> tuple[Any, str]:
    from core.models.placement import Placement
    from core.pretraining.export import export
    from core.pretraining.recipe import read_recipe
    from core.pretraining.training import Pretraining
    from core.runs.study_file import read_mapping

    def told(news: dict[str, Any]) -> None:
        print("  ".join(f"{key} {value:,.4g}" if isinstance(value, float) else f"{key} {value:,}"
                        for key, value in news.items()), file=sys.stderr, flush=True)

    recipe = read_recipe(read_mapping(Path(options.recipe), options.set, "name: mini-masked"))
    out = Path(options.out)
    placement = Placement.choose(settings.device, settings.precision)
    training = Pretraining(recipe, Path(options.corpora), out, placement, Path(options.data or options.corpora))
    quality = training.train(told).as_dict()
    if recipe.objective == "next":
        quality["trigram_loss"] = training.trigram_loss()
    export(training.backbone, recipe, training.step, quality, out / recipe.name)
    result = {"model": str(out / recipe.name), "steps": training.step, **quality}
    return result, _lines((key, str(value)) for key, value in result.items())


def _report(options: argparse.Namespace, settings: Settings) -> tuple[Any, str]:
    from core.figures.report import write_report
    from core.runs.ready_made import write_ready_made
    from core.runs.study import study_document, study_named

    store = _opened(_placed(options, settings)).store
    key = study_named(options.study, store)
    document = study_document(key, store)
    if options.out:
        document["files"] = [str(path) for path in write_report(key, store, Path(options.out))]
    if options.ready_made:
        write_ready_made(key, store, Path(options.ready_made), options.about)
    return document, _summary(document) + "".join(f"\nwrote {path}" for path in document.get("files", []))


def _delete(options: argparse.Namespace, settings: Settings) -> tuple[Any, str]:
    from core.runs.study import study_named

    store = _opened(_placed(options, settings)).store
    key = study_named(options.study, store)
    name, runs = store.study(key, store.command_line).name, len(store.runs(store.command_line, key))
    store.delete_study(key, store.command_line)
    return {"study": name, "id": key, "runs": runs}, f"deleted the study {name} ({key}) with {runs} runs"


def _opened(settings: Settings) -> DataFolder:
    from core.runs.folder import DataFolder

    return DataFolder(settings.data_folder, keep_models_gb=settings.keep_models_gb)


def _placed(options: argparse.Namespace, settings: Settings) -> Settings:
    folder = options.data_dir
    return dataclasses.replace(settings, data_folder=Path(folder).expanduser().resolve()) if folder else settings


def _load(source: str | dict[str, Any], settings: Settings) -> Task:
    limits = DataLimits(settings.max_rows, settings.max_file_mb * 1_000_000)
    return load_task(source, limits=limits, allowed_hub=settings.hub_data or None)


def _backbones(settings: Settings) -> BackboneCache:
    return BackboneCache(Placement.choose(settings.device, settings.precision), settings.hub_models)


def _summary(document: dict[str, Any]) -> str:
    rows = [("method", "pattern", "K", "n", "mean", "sd", "95 %")]
    for row in document["summary"]:
        metric = metric_named(row["metric"])
        ends = [metric.shown(metric.within(end)) for end in row["ci95"] if end is not None]
        rows.append((row["method"], row["pattern"] or "–", str(row["shots"]), str(row["n"]), metric.shown(row["mean"]),
                     "–" if row["sd"] is None else metric.shown(row["sd"]), " – ".join(ends) or "–"))
    apart = [("paired difference", "n", "mean", "95 %", "p", "p (Holm)")]
    for row in document["differences"]:
        signed = metric_named(row["metric"]).signed
        apart.append((f"{row['a']} − {row['b']}", str(row["n"]), signed(row["difference"]),
                      " – ".join(map(signed, row["ci95"])), f"{row['p']:.3f}", f"{row['p_holm']:.3f}"))
    tables = "\n\n".join(map(_lines, (rows, apart) if len(apart) > 1 else (rows,)))
    failed = [run for run in document["runs"] if run["status"] != "done"]
    return tables + "".join(f"\n{run['id']} {run['status']}: {run['error'] or ''}" for run in failed)


def _lines(rows: Any) -> str:
    table = [tuple(str(cell) for cell in row) for row in rows]
    widths = [max(len(row[at]) for row in table) for at in range(len(table[0]))] if table else []
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in table)


if __name__ == "__main__":
    sys.exit(main())
