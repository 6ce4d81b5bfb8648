"""A run in stages, PET's or iPET's: its models, generations, soft labels and outcome, as HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd

from core.learning.options import read_options
from core.methods.registry import METHODS
from core.metrics.metric import main_metric
from core.runs.run import Point, Run
from ui.bars import bar, colour, found_percent, metric_text
from ui.feedback import Translate
from ui.train.growth_plot import grown, growth_plot

CURVE = ["step", "loss", "development score", "part"]
_SAME = ("task_hash", "model", "model_digest", "shots", "seed", "precision",
         "test_limit")  # what makes two runs comparable
Row = Mapping[str, Any]


def stages_panel(run: Run, found: Sequence[Row], translate: Translate,
                 baseline: float | None = None) -> str:
    """Cards for the stages that a run has come through.

    `baseline` is what the method's baseline reaches on the same examples.
    """
    rows = {stage: [row for row in found if row["stage"] == stage]
            for stage in ("model", "generation", "soft labels", "ensemble")}
    models, soft_labels = rows["model"], rows["soft labels"]
    cards = []
    if rows["ensemble"]:
        cards.append(_outcome(run, models, rows["ensemble"], bool(soft_labels), baseline,
                              translate))
    if rows["generation"]:
        cards.append(_generations(run, rows["generation"], models, translate))
    if models:
        cards.append(_models(models, translate))
    cards += [_soft_labels(row, run.spec.options, translate) for row in soft_labels]
    return "".join(cards)


def curve_table(run: Run, points: Sequence[Point]) -> pd.DataFrame:
    """Losses and development scores by step; of runs in stages the mean over models.

    Columns: step, loss, development score, and part, which names the stage and is empty for runs
    that have none.
    """
    # floats even where there are no points yet: plots choose their axes by the columns' types
    table = pd.DataFrame(points, columns=CURVE[:3]).astype(float).assign(part="")
    if not shows_stages(run):
        return table
    method, before = METHODS[run.spec.method], 0
    options = read_options(method.options, run.spec.options, method.name)
    for stage in method.stages(options, len(run.spec.patterns)):
        end = before + stage.steps * stage.models
        mine = (table["step"] > before) & (table["step"] <= end) & (table["part"] == "")
        table.loc[mine, "part"] = stage.name
        table.loc[mine, "step"] = (table.loc[mine, "step"] - before - 1) % stage.steps + 1
        before = end
    groups = table.groupby(["part", "step"], as_index=False, sort=False)
    return groups[CURVE[1:3]].mean()[CURVE]


def shows_stages(run: Run) -> bool:
    """Whether a run's method shows the stages of its training."""
    return run.spec.method in METHODS and "stages" in METHODS[run.spec.method].details


def baseline_beside(run: Run, others: Sequence[Run]) -> float | None:
    """The accuracy of the latest run of the method's baseline on the same examples, if any."""
    baseline = METHODS[run.spec.method].baseline

    def same(other: Run) -> bool:
        return (other.spec.method == baseline and other.status
                == "done" and "accuracy" in other.metrics
                and all(getattr(other.spec, name) == getattr(run.spec, name) for name in _SAME))

    return next((other.metrics["accuracy"] for other in reversed(others) if same(other)), None)


def _outcome(run: Run, models: Sequence[Row], ensemble: Sequence[Row], distilled: bool,
             baseline: float | None, translate: Translate) -> str:
    """Test accuracies: of the models, of all together, and of the classifier, if there is one."""
    alone = [model["test_accuracy"] for model in models if "test_accuracy" in model]
    bars = ""
    if alone:
        bars = bar(translate("Models, on average"), sum(alone) / len(alone), colour(0))
    bars += bar(translate("All together"), ensemble[-1]["test_accuracy"], colour(1))
    if "accuracy" in run.metrics and distilled:
        bars += bar(translate("Classifier"), run.metrics["accuracy"], colour(2))
    if baseline is not None:
        title = METHODS[METHODS[run.spec.method].baseline].title
        name = translate("{method} alone").format(method=translate(title))
        bars += bar(name, baseline, colour(8))
    heading = escape(translate("Accuracy on the test rows"))
    return f'<div class="cl-card cl-outcome"><h3>{heading}</h3>{bars}</div>'


def _generations(run: Run, generations: Sequence[Row], models: Sequence[Row],
                 translate: Translate) -> str:
    """How the training sets grew, how right they were, and the models' development scores."""
    planned = 1 + int(str(run.spec.options.get("generations", 0)))
    plot = growth_plot(grown(generations, models), planned, translate)
    missing = any(row["missing"] for row in generations)
    heads = ("Gen.", "New examples", "Rightly labelled", "Development",
             *(["Never given"] if missing else []))
    body = ""
    for row in generations:
        mean = _mean_development(models, row["generation"])
        cells = [str(row["generation"]), f"{row['drawn']:.0f}", _share(row["right"]),
                 _development(mean)]
        body += _line([*cells, *([", ".join(row["missing"])] if missing else [])])
    return _table(translate("Generations"), heads, body, translate, plot)


def _mean_development(models: Sequence[Row], generation: int) -> float | None:
    scores = [model["dev_score"] for model in models
              if model.get("generation") == generation and model["dev_score"] is not None]
    return sum(scores) / len(scores) if scores else None


def _models(models: Sequence[Row], translate: Translate) -> str:
    """Every model, those of the latest generation first."""
    several = any("generation" in model for model in models)
    heads = (*(["Gen."] if several else []), "Pattern", "Words", "Seed",
             *(["Examples"] if several else []), "Before training", "Development", "Test")
    body = ""
    for model in sorted(models, key=lambda model: -model.get("generation", 0)):
        words = " / ".join(", ".join(words) for words in model["words"].values())
        first = [str(model["generation"])] if several else []
        size = [str(model["examples"])] if several else []
        cells = [*first, model["pattern"], words, str(model["seed"]), *size,
                 _share(model["before"]), _development(model["dev_score"]),
                 _share(model.get("test_accuracy"))]
        body += _line(cells, mono=len(first))
    return _table(translate("Models"), heads, body, translate)


def _soft_labels(row: Row, options: Mapping[str, object], translate: Translate) -> str:
    """The soft labels that all models together give: entropy, labels, most disputed examples."""
    temperature = options.get("temperature", 1)
    facts = escape(translate("{n} unlabelled examples, temperature {t}").format(
        n=row["examples"], t=temperature))
    if row["right"] is not None:
        facts += f' · {escape(translate("right"))} <b>{found_percent(row["right"])}</b>'
    shares = "".join(bar(label, share, colour(index))
                     for index, (label, share) in enumerate(row["shares"].items()))
    return (f'<div class="cl-card"><h3>{escape(translate("Soft labels"))}'
            f'<span class="cl-over">{facts}</span></h3>'
            f'<div class="cl-halves">{_entropy(row, translate)}'
            f'<div class="cl-half"><h4>{escape(translate("Likeliest label"))}</h4>{shares}</div>'
            f"</div>{_disputed(row, translate)}</div>")


def _entropy(row: Row, translate: Translate) -> str:
    """A histogram of the entropies, from decided to undecided."""
    most = max(row["histogram"]) or 1
    columns = "".join(
        f'<i style="height:{100 * count / most:.0f}%" '
        f'title="{index / 10:.1f} – {(index + 1) / 10:.1f}: {count}"></i>'
        for index, count in enumerate(row["histogram"]))
    entropy, mean = escape(translate("Entropy")), escape(translate("mean"))
    return (f'<div class="cl-half"><h4>{entropy}, {mean} {row["entropy"]:.2f}</h4>'
            f'<div class="cl-histogram">{columns}</div>'
            f'<div class="cl-scale"><span>{escape(translate("decided"))}</span>'
            f'<span>{escape(translate("undecided"))}</span></div></div>')


def _disputed(row: Row, translate: Translate) -> str:
    labels, items = list(row["shares"]), ""
    for example in row["disputed"]:
        text = escape(example["text_a"]) + " ⏎ " * bool(example["text_b"])
        verdict = _probabilities(labels, example["probabilities"])
        items += (f"<li><span>{text}{escape(example['text_b'])}</span>"
                  f"<span class='cl-verdict'>{escape(verdict)}</span></li>")
    title = escape(translate("Most disputed examples"))
    return (f'<details class="cl-details"><summary>{title}</summary>'
            f'<ul class="cl-mistakes">{items}</ul></details>')


def _probabilities(labels: Sequence[str], values: Sequence[float]) -> str:
    best = sorted(zip(labels, values, strict=True), key=lambda pair: -pair[1])[:3]
    return " · ".join(f"{label} {100 * value:.0f} %" for label, value in best)


def _table(title: str, heads: Sequence[str], body: str, translate: Translate,
           above: str = "") -> str:
    head = "".join(f'<th scope="col">{escape(translate(name))}</th>' for name in heads)
    return (f'<div class="cl-card"><h3>{escape(title)}</h3>{above}'
            '<div class="cl-scroll cl-tall"><table class="cl-table cl-tight">'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></div>")


def _line(cells: Sequence[str], mono: int = -1) -> str:
    """A table row; the cell number `mono` is a pattern, and shares are set as numbers."""
    row = ""
    for index, cell in enumerate(cells):
        kind = " class=cl-number" if cell.endswith("%") else ""
        kind = " class=cl-mono" if index == mono else kind
        row += f"<td{kind}>{escape(cell)}</td>"
    return f"<tr>{row}</tr>"


def _share(value: float | None) -> str:
    return "" if value is None else found_percent(value)


def _development(score: float | None) -> str:
    return "" if score is None else metric_text(score, main_metric("classification"))
