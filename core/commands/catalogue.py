"""`tasks`, `models`, `methods` and `metrics`: what there is to choose from.

Each imports only what it lists, so that none waits for what another needs.
"""

from __future__ import annotations

import dataclasses
import json
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from core.commands.command import Command, Result, align
from core.settings import Settings

if TYPE_CHECKING:
    from core.data.card import TaskCard
    from core.learning.method import Method
    from core.metrics.metric import Metric


def _tasks(options: Namespace, settings: Settings) -> Result:  # noqa: ARG001
    from core.data.catalog import task_cards

    cards = task_cards()
    lines = ((card.name, card.source, card.answers, card.summary) for card in cards)
    return Result([_task_row(card) for card in cards], align(lines))


def _task_row(card: TaskCard) -> dict[str, Any]:
    from core.prompts.library import published_pvps

    return {
        "name": card.name,
        "title": card.title,
        "kind": card.schema.kind,
        "labels": list(card.schema.labels),
        "pairs": card.schema.pairs,
        "columns": list(card.schema.columns),
        "source": card.source,
        "language": card.language,
        "summary": card.summary,
        "patterns": [dataclasses.asdict(pvp) for pvp in published_pvps(card.name)],
    }


def _models(options: Namespace, settings: Settings) -> Result:  # noqa: ARG001
    from core.models.carried import CARRIED_MODELS
    from core.models.model_files import bundled_names

    rows = [*map(_model_row, bundled_names()), *map(_carried_row, CARRIED_MODELS)]
    lines = ((row["name"], row["family"], f"{row['bytes'] / 1e6:.0f} MB") for row in rows)
    return Result(rows, align(lines))


def _model_row(name: str) -> dict[str, Any]:
    from core.models.families import family_of_class
    from core.models.model_files import BUNDLED_FOLDER

    folder = BUNDLED_FOLDER / name
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    size = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    return {
        "name": name, "family": family_of_class(config["architectures"][0]),
        "type": config["model_type"], "bytes": size, "source": "bundled",
    }


def _carried_row(name: str) -> dict[str, Any]:
    from core.models.carried import CARRIED_MODELS

    carried = CARRIED_MODELS[name]
    source = f"package {carried.package}" if carried.file else f"hub {carried.hub_id}"
    size = carried.file.stat().st_size if carried.file else 0
    return {"name": name, "family": "causal", "type": "llama", "bytes": size, "source": source}


def _methods(options: Namespace, settings: Settings) -> Result:  # noqa: ARG001
    from core.methods.registry import METHODS

    rows = [_method_row(method) for method in METHODS.values()]
    return Result(rows, align((row["name"], _summary_and_presets(row)) for row in rows))


def _summary_and_presets(row: dict[str, Any]) -> str:
    presets = f" Presets: {', '.join(row['presets'])}." if row["presets"] else ""
    return f"{row['summary']}{presets}"


def _method_row(method: Method[Any]) -> dict[str, Any]:
    return {
        "name": method.name,
        "title": method.title,
        "paper": method.paper,
        "summary": method.summary(),
        "kinds": list(method.kinds),
        "uses_pattern": method.uses_pattern,
        "families": list(method.families),
        "options": {
            option.name: {"default": option.default, "explain": option.metadata["explain"]}
            for option in dataclasses.fields(method.options)
        },
        "presets": {name: dict(options) for name, options in method.presets.items()},
    }


def _metrics(options: Namespace, settings: Settings) -> Result:  # noqa: ARG001
    from core.metrics.metric import METRICS

    rows = [_metric_row(metric) for metric in METRICS.values()]
    lines = ((row["name"], "higher is better" if row["higher_is_better"] else "lower is better",
              ", ".join(row["kinds"]), row["explain"]) for row in rows)
    return Result(rows, align(lines))


def _metric_row(metric: Metric) -> dict[str, Any]:
    return {
        "name": metric.name,
        "title": metric.title,
        "kinds": list(metric.kinds),
        "unit": metric.unit,
        "higher_is_better": metric.higher_is_better,
        "explain": metric.explain,
    }


COMMANDS = (
    Command("tasks", "list the bundled tasks and the published ones that the hub offers", _tasks),
    Command("models", "list the bundled models", _models),
    Command("methods", "list the methods and their options", _methods),
    Command("metrics", "list the metrics, what they measure and which way is better", _metrics),
)
