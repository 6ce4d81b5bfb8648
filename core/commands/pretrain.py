"""`pretrain`: a language model trained by a recipe, as the bundled ones were."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.commands.command import Command, Result, align
from core.settings import Settings


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("recipe", metavar="RECIPE.yaml")
    parser.add_argument("--corpora", required=True, metavar="FOLDER",
                        help="where the recipe's text files lie")
    parser.add_argument("--data", metavar="FOLDER",
                        help="where the tables of its tasks lie (default: the same)")
    parser.add_argument("--out", required=True, metavar="FOLDER",
                        help="for checkpoints, and the model in the end")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE",
                        help="e.g. tokens=1000000")


def _pretrain(options: Namespace, settings: Settings) -> Result:
    from core.models.placement import Placement
    from core.pretraining.export import export
    from core.pretraining.recipe import read_recipe
    from core.pretraining.training import Pretraining
    from core.runs.study_file import read_mapping

    recipe = read_recipe(read_mapping(Path(options.recipe), options.set, "name: mini-masked"))
    corpora, data = Path(options.corpora), Path(options.data or options.corpora)
    out = Path(options.out)
    placement = Placement.choose(settings.device, settings.precision)
    training = Pretraining(recipe, corpora, out, placement, data)
    quality = training.train(_print_progress).as_dict()
    if recipe.objective == "next":
        quality["trigram_loss"] = training.trigram_loss()
    export(training.backbone, recipe, training.step, quality, out / recipe.name)
    document = {"model": str(out / recipe.name), "steps": training.step, **quality}
    return Result(document, align(document.items()))


def _print_progress(values: Mapping[str, Any]) -> None:
    cells = (f"{key} {value:,.4g}" if isinstance(value, float) else f"{key} {value:,}"
             for key, value in values.items())
    print("  ".join(cells), file=sys.stderr, flush=True)


COMMANDS = (
    Command("pretrain", "train a language model by a recipe; go on where it was interrupted",
            _pretrain, _add_arguments),
)
