"""Made-up runs with accuracies that are easy to check by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from core.runs.records import RunRecord

SHORT = "{text_a} It was {mask}."
LONG = ("{mask} is how I would call it, if anybody asked me about it and if I had nothing better "
        "to say: {text_a}")
SEEDS = (13, 21, 42)


def run(method: str, accuracy: float, **changes: Any) -> RunRecord:
    """A finished run of `reviews` with K = 16 and seed 13, changed as given."""
    metrics = {
        "accuracy": accuracy,
        "accuracy_low": accuracy - 0.05,
        "accuracy_high": accuracy + 0.05,
    }
    facts: dict[str, Any] = {
        "id": method,
        "task": "reviews",
        "model": "mini-masked",
        "pattern": SHORT,
        "shots": 16,
        "seed": 13,
        "words": "bad=terrible; good=great",
        "seconds": 2.0,
        "metrics": metrics,
    }
    return RunRecord(method=method, **{**facts, **changes})


def runs(method: str, accuracies: tuple[float, ...], **changes: Any) -> list[RunRecord]:
    """One run for each accuracy, with the seeds 13, 21, 42."""
    return [
        run(method, accuracy, seed=seed, **changes)
        for seed, accuracy in zip(SEEDS, accuracies, strict=False)
    ]


def study() -> list[RunRecord]:
    """Two patterns: zero-shot once each, lm-bff with three seeds each, and head without any."""
    return [
        run("zero-shot", 0.60, shots=0), run("zero-shot", 0.70, shots=0, pattern=LONG),
        *runs("lm-bff", (0.80, 0.82, 0.84)), *runs("lm-bff", (0.70, 0.74, 0.78), pattern=LONG),
        *runs("head", (0.60, 0.65, 0.70), pattern="", words=""),
    ]


def prefixes() -> list[RunRecord]:
    """Prefixes of 1, 5 and 10 positions with three seeds each, fine-tuning, and zero-shot."""
    scores = {1: (0.30, 0.32, 0.34), 5: (0.40, 0.42, 0.44), 10: (0.41, 0.43, 0.45)}
    return [
        *(changed for length, values in scores.items() for changed in (
            _writes(record, stored=length * 1000, length=length)
            for record in runs("prefix-tuning", values, words=""))),
        *(_writes(record, stored=2_000_000) for record in runs("fine-tuning", (0.45, 0.47),
                                                               words="")),
        _writes(run("zero-shot", 0.1, shots=0, words="")),
    ]


def _writes(record: RunRecord, stored: int = 0, **options: object) -> RunRecord:
    """The same as a run that writes texts: its accuracy is an exact match."""
    metrics = {"exact_match": record.metrics["accuracy"]}
    if stored:
        metrics["stored_parameters"] = float(stored)
    return replace(record, metrics=metrics, options=options,
                   id=f"{record.method}-{stored}-{record.seed}")
