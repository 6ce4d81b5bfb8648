"""How good the bundled language models are on data they never saw, each by the means of its family.

    python -m benchmarks.language_models DATA [--model NAME] [--shots 16]

DATA holds a folder for each task with `train.csv` and `test.csv`. Masked models: SST-2, MR and
TREC, without and with training. Text-to-text models: SST-2, SNLI and STS-B with T5's prefixes,
answers generated. Causal models: ten texts continued. What training measured on held-out text
(`pretraining.json`) is printed with it.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core.data.catalog import load_task
from core.data.files import DataLimits, read_table
from core.data.split import LM_BFF_SEEDS, draw_split
from core.data.task import Task
from core.inspection import look_at_examples, read_question
from core.learning.method import Problem
from core.learning.options import read_options
from core.methods.registry import method_named
from core.models.backbone import Backbone
from core.models.loading import load_backbone
from core.models.model_files import BUNDLED_FOLDER
from core.models.placement import Placement
from core.prompts.pvp import PVP
from core.prompts.text_to_text import FORMS, TASK_FORMATS, written_label, written_number

SENTIMENT = ("{text_a} It was {mask}.", {"negative": ["terrible"], "positive": ["great"]})
TREC = (
    "{mask}: {text_a}",
    {
        "abbreviation": ["expression"],
        "entity": ["entity"],
        "description": ["description"],
        "human": ["human"],
        "location": ["location"],
        "number": ["number"],
    },
)
TASKS = {"sst2": SENTIMENT, "mr": SENTIMENT, "trec": TREC}
GENERATED = {"sst2": "sst2", "snli": "mnli"}  # folders and their formats
BEGINNINGS = (
    "The film was",
    "The food at this restaurant",
    "Last week the government",
    "Question: What is the name of",
    "She opened the door and",
    "Scientists have found that",
    "I bought this camera because",
    "Once upon a time there was",
    "The weather in the north",
    "Thank you very much for",
)


def zero_shot(task: Task, pvp: PVP, backbone: Backbone) -> dict[str, float]:
    """Accuracy over the whole test part, as it is and calibrated."""
    words = {label: ", ".join(label_words) for label, label_words in pvp.verbalizer.words}
    found = look_at_examples(
        read_question(str(pvp.pattern), words, task, backbone), task.test, backbone
    )
    return {"zero_shot": found.evaluation.accuracy, "calibrated": found.calibrated.accuracy}


def few_shot(task: Task, pvp: PVP, backbone: Backbone, method: str, shots: int) -> dict[str, float]:
    """Mean and standard deviation of test accuracy over the five seeds, default options."""
    made, found = method_named(method), []
    for seed in LM_BFF_SEEDS:
        problem = Problem(task.schema, (pvp,), draw_split(task, shots, seed), backbone, seed)
        learned = made.learn(problem, read_options(made.options, {}, method), lambda *_, **__: None)
        answers = learned.predictor.log_probs(task.test).argmax(1)
        found.append(float((answers == np.array(problem.gold(task.test))).mean()))
    return {"mean": statistics.mean(found), "sd": statistics.stdev(found)}


def masked(backbone: Backbone, data: Path, shots: int) -> dict[str, Any]:
    """Prompts without and with training."""
    results: dict[str, Any] = {}
    for name, (pattern, words) in TASKS.items():
        folder = data / name
        source = {
            "name": name,
            "train": str(folder / "train.csv"),
            "test": str(folder / "test.csv"),
            "text_a": "text_a",
            "label": "label",
        }
        task = load_task(source, limits=DataLimits())
        pvp = PVP.of(pattern, words, task.schema)
        results[name] = zero_shot(task, pvp, backbone)
        if shots:
            results[name] |= {
                method: few_shot(task, pvp, backbone, method, shots)
                for method in ("head", "lm-bff")
            }
        print(json.dumps({name: results[name]}), flush=True)
    return results


def text_to_text(backbone: Backbone, data: Path, shots: int) -> dict[str, Any]:  # noqa: ARG001
    """Accuracy of generated labels, and Pearson's correlation of generated scores."""
    results: dict[str, Any] = {
        folder: _label_results(backbone, read_table(data / folder / "test.csv").rows, form)
        for folder, form in GENERATED.items()
    }
    rows = read_table(data / "stsb" / "test.csv").rows
    prompts = [TASK_FORMATS["stsb"].prompt(row["text_a"], row["text_b"]) for row in rows]
    scores = [written_number(text) for text in answers(backbone, prompts, 8)]
    correlation = statistics.correlation(scores, [float(row["score"]) for row in rows])
    return {**results, "stsb": {"pearson": correlation}}


def _label_results(backbone: Backbone, rows: list[dict[str, str]], form: str) -> dict[str, float]:
    """Accuracy of generated labels, and the share of texts that are none."""
    task, labels = TASK_FORMATS[form], sorted({row["label"] for row in rows})
    columns = ("text_a", "text_b")[: len(task.keys)]
    prompts = [task.prompt(*(row[column] for column in columns)) for row in rows]
    generated = answers(backbone, prompts, 8)
    found = [written_label(FORMS[form].answer(text), labels) for text in generated]
    right = [labels.index(row["label"]) == number for row, number in zip(rows, found, strict=True)]
    return {"accuracy": float(np.mean(right)), "no_label": found.count(-1) / len(found)}


def completions(backbone: Backbone, data: Path, shots: int) -> dict[str, Any]:  # noqa: ARG001
    """The likeliest continuation of each beginning, no three tokens repeated."""
    return {"completions": answers(backbone, BEGINNINGS, 24, no_repeat_ngram_size=3)}


@torch.inference_mode()
def answers(backbone: Backbone, texts: Sequence[str], most: int, **options: Any) -> list[str]:
    """What a model generates, greedily, for each text; of a causal one with the text."""
    model: Any = backbone.model
    tokenizer = backbone.tokenizer
    tokenizer.padding_side = "left" if backbone.family == "causal" else "right"
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
    generated: dict[int, str] = {}
    for start in range(0, len(order), 32):
        some = order[start : start + 32]
        batch = tokenizer(
            [texts[at] for at in some],
            return_tensors="pt",
            padding=True,
            truncation=True,
            max_length=backbone.max_length,
            return_token_type_ids=False,
        ).to(backbone.placement.device)
        found = model.generate(
            **batch, max_new_tokens=most, do_sample=False, num_beams=1, **options
        )
        generated |= dict(
            zip(some, tokenizer.batch_decode(found, skip_special_tokens=True), strict=True)
        )
    return [generated[at] for at in range(len(texts))]


def basics(name: str) -> tuple[Backbone, dict[str, Any]]:
    """The model, loaded a second time to be timed, with its size and what its training measured."""
    placement = Placement.choose("auto")
    load_backbone(name, placement)
    began = time.perf_counter()
    backbone = load_backbone(name, placement)
    seconds = time.perf_counter() - began
    folder = BUNDLED_FOLDER / name if (BUNDLED_FOLDER / name).is_dir() else Path(name)
    weights = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    note = folder / "pretraining.json"
    trained = json.loads(note.read_text(encoding="utf-8")) if note.is_file() else {}
    trained.pop("recipe", None)
    if "trigram_loss" in trained:
        trained |= {"perplexity": math.exp(trained["held_out_loss"]),
                    "trigram_perplexity": math.exp(trained["trigram_loss"])}
    return backbone, {"model": name, "parameters": backbone.parameters, "megabytes": weights / 1e6,
                      "load_seconds": seconds, **trained}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default="mini-masked")
    parser.add_argument("--shots", type=int, default=16, help="0 leaves training out")
    options = parser.parse_args()
    backbone, results = basics(options.model)
    measure = {"masked": masked, "seq2seq": text_to_text, "causal": completions}[backbone.family]
    print(json.dumps({**results, **measure(backbone, options.data, options.shots)}, indent=2))


if __name__ == "__main__":
    main()
