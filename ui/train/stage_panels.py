"""A run in stages, PET's or iPET's, as people read it: its models, how they grew, the labels they gave, the outcome."""

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
_SAME = ("task_hash", "model", "model_digest", "shots", "seed",
         "test_limit")  # what makes two runs comparable
Row = Mapping[str, Any]


def stages_panel(run: Run, found: Sequence[Row], translate: Translate,
                 baseline: float | None = None) -> str:
    """Cards for the stages that a run has come through.

    `baseline` is what the method's baseline reaches on the same examples.
    """
    rows = {stage: [each for each in found if each["stage"] == stage]
            for stage in ("model", "generation", "soft labels", "ensemble")}
    outcome = _outcome(run, rows["model"], rows["ensemble"], bool(rows["soft labels"]), baseline,
                       translate
                       ) if rows["ensemble"] else ""
    cards = [outcome,
             _generations(run, rows["generation"], rows["model"], translate) if rows["generation"]
             else "", _models(rows["model"], translate) if rows["model"] else "",
             *(_soft_labels(each, run.spec.options, translate) for each in rows["soft labels"])]
    return "".join(cards)


def curve_table(run: Run, points: Sequence[Point]) -> pd.DataFrame:
    """Losses and development scores by step; of runs in stages the mean over models, and the classifier apart.

    Columns: step, loss, development score, and part, which is empty for runs that have no stages.
    """
    table = pd.DataFrame(points, columns=CURVE[:3]).astype(
        float)  # even where there is none yet: plots go by type
    if not shows_stages(run):
        return table.assign(part="")
    method, before = METHODS[run.spec.method], 0
    table["part"] = ""
    for stage in method.stages(read_options(method.options, run.spec.options, method.name),
                               len(run.spec.patterns)):
        end = before + stage.steps * stage.models
        mine = (table["step"] > before) & (table["step"] <= end) & (table["part"] == "")
        table.loc[mine, "part"] = stage.name
        table.loc[mine, "step"] = (table.loc[mine, "step"] - before - 1) % stage.steps + 1
        before = end
    return table.groupby(["part", "step"], as_index=False, sort=False)[CURVE[1:3]].mean()[CURVE]


def shows_stages(run: Run) -> bool:
    """Whether a run's method shows the stages of its training."""
    return run.spec.method in METHODS and "stages" in METHODS[run.spec.method].details


def baseline_beside(run: Run, others: Sequence[Run]) -> float | None:
    """The accuracy of the latest run of the method's baseline on the same examples, if there is one."""
    baseline = METHODS[run.spec.method].baseline

    def same(other: Run) -> bool:
        return (other.spec.method == baseline and other.status
                == "done" and "accuracy" in other.metrics
                and all(getattr(other.spec, name) == getattr(run.spec, name) for name in _SAME))

    return next((other.metrics["accuracy"] for other in reversed(others) if same(other)), None)


def _outcome(run: Run, models: Sequence[Row], ensemble: Sequence[Row], distilled: bool,
             baseline: float | None, translate: Translate) -> str:
    """Test accuracies: of the models, of all together, and of the classifier, if there is one."""
    alone = [each["test_accuracy"] for each in models if "test_accuracy" in each]
    bars = bar(translate("Models, on average"), sum(alone) / len(alone), colour(0)) if alone else ""
    bars += bar(translate("All together"), ensemble[-1]["test_accuracy"], colour(1))
    if "accuracy" in run.metrics and distilled:
        bars += bar(translate("Classifier"), run.metrics["accuracy"], colour(2))
    if baseline is not None:
        title = METHODS[METHODS[run.spec.method].baseline].title
        bars += bar(translate("{method} alone").format(method=translate(title)), baseline,
                    colour(8))
    return f'<div class="cl-card cl-outcome"><h3>{escape(translate("Accuracy on the test rows"))}</h3>{bars}</div>'


def _generations(run: Run, generations: Sequence[Row], models: Sequence[Row],
                 translate: Translate) -> str:
    """How the training sets grew, how right they were, and what the models made of them."""
    planned = 1 + int(str(run.spec.options.get("generations", 0)))
    plot = growth_plot(grown(generations, models), planned, translate)
    missing = any(each["missing"] for each in generations)
    heads = ("Gen.", "New examples", "Rightly labelled", "Development",
             *(["Never given"] if missing else []))
    body = ""
    for each in generations:
        mine = [model["dev_score"]
                for model in models if model.get("generation") == each["generation"]
                and model["dev_score"] is not None]
        body += _line([str(each["generation"]), f"{each['drawn']:.0f}", _share(each["right"]),
                       _development(sum(mine) / len(mine) if mine else None),
                       *([", ".join(each["missing"])] if missing else [])])
    return _table(translate("Generations"), heads, body, translate, plot)


def _models(models: Sequence[Row], translate: Translate) -> str:
    """Every model, those of the latest generation first."""
    several = any("generation" in each for each in models)
    heads = (*(["Gen."] if several else []), "Pattern", "Words", "Seed",
             *(["Examples"] if several else []), "Before training", "Development", "Test")
    body = ""
    for each in sorted(models, key=lambda model: -model.get("generation", 0)):
        words = " / ".join(", ".join(words) for words in each["words"].values())
        first, size = ([str(each["generation"])], [str(each["examples"])]) if several else ([], [])
        body += _line([*first, each["pattern"], words, str(each["seed"]), *size,
                       _share(each["before"]), _development(each["dev_score"]),
                       _share(each.get("test_accuracy"))], mono=len(first))
    return _table(translate("Models"), heads, body, translate)


def _soft_labels(row: Row, options: Mapping[str, object], translate: Translate) -> str:
    """What all models together make of the pool: how decided, which labels, and the most disputed examples."""
    labels = list(row["shares"])
    facts = translate("{n} unlabelled examples, temperature {t}").format(
        n=row["examples"], t=options.get("temperature", 1))
    right = f' · {escape(translate("right"))} <b>{found_percent(row["right"])}</b>' if row["right"] is not None else ""
    most = max(row["histogram"]) or 1
    columns = "".join(f'<i style="height:{100 * count / most:.0f}%" '
                      f'title="{at / 10:.1f} – {(at + 1) / 10:.1f}: {count}"></i>'
                      for at, count in enumerate(row["histogram"]))
    shares = "".join(bar(label, share, colour(at))
                     for at, (label, share) in enumerate(row["shares"].items()))
    disputed = "".join(
        f"<li><span>{escape(each['text_a'])}{' ⏎ ' * bool(each['text_b'])}{escape(each['text_b'])}"
        f"</span>"
        f"<span class='cl-verdict'>{escape(_probabilities(labels, each['probabilities']))}</span>"
        f"</li>"
        for each in row["disputed"])
    return (f'<div class="cl-card"><h3>{escape(translate("Soft labels"))}'
            f'<span class="cl-over">{escape(facts)}{right}</span>'
            f'</h3><div class="cl-halves"><div class="cl-half">'
            f'<h4>{escape(translate("Entropy"))}, {escape(translate("mean"))} '
            f'{row["entropy"]:.2f}</h4><div class="cl-histogram">{columns}</div>'
            f'<div class="cl-scale"><span>{escape(translate("decided"))}</span>'
            f'<span>{escape(translate("undecided"))}</span></div>'
            f'</div><div class="cl-half">'
            f'<h4>{escape(translate("Likeliest label"))}</h4>{shares}</div></div>'
            f'<details class="cl-details">'
            f'<summary>{escape(translate("Most disputed examples"))}</summary>'
            f'<ul class="cl-mistakes">{disputed}</ul></details></div>')


def _probabilities(labels: Sequence[str], values: Sequence[float]) -> str:
    best = sorted(zip(labels, values, strict=True), key=lambda each: -each[1])[:3]
    return " · ".join(f"{label} {100 * value:.0f} %" for label, value in best)


def _table(title: str, heads: Sequence[str], body: str, translate: Translate,
           above: str = "") -> str:
    head = "".join(f'<th scope="col">{escape(translate(each))}</th>' for each in heads)
    return (f'<div class="cl-card"><h3>{escape(title)}</h3>{above}<div class="cl-scroll cl-tall">'
            f'<table class="cl-table cl-tight">'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></div>")


def _line(cells: Sequence[str], mono: int = -1) -> str:
    kinds = [" class=cl-mono" if at == mono else " class=cl-number" if each.endswith("%") else ""
             for at, each in enumerate(cells)]
    return "<tr>" + "".join(f"<td{kind}>{escape(each)}</td>"
                            for kind, each in zip(kinds, cells, strict=True)) + "</tr>"


def _share(value: float | None) -> str:
    return "" if value is None else found_percent(value)


def _development(score: float | None) -> str:
    return "" if score is None else metric_text(score, main_metric("classification"))
