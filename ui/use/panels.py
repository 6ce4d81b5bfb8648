"""What a run answers, as people read it: bars for one text, a table for several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import pandas as pd

from core.runs.finished_run import Weights
from core.runs.run import Run
from ui.bars import bar, colour, found_percent, label_tag, metric_text
from ui.feedback import Translate, message

NO_ANSWERS: Mapping[str, str] = {}


def run_line(run: Run, translate: Translate) -> str:
    """What the run is, in one line."""
    spec, metric = run.spec, run.metric
    score = ""
    if metric.name in run.metrics:
        score = metric_text(run.metrics[metric.name], metric)
    facts = [("Task", spec.task_name), ("Method", spec.method), ("Model", spec.model),
             ("Pattern", spec.pattern_text), ("K", spec.shots or ""),
             ("Seed", spec.seed if spec.shots else ""), (metric.title, score)]
    line = " · ".join(f"{escape(translate(name))} <b>{escape(str(value))}</b>"
                      for name, value in facts if value != "")
    return f'<p class="cl-hint cl-facts">{line}</p>'


def weights_note(weights: Weights, run: Run, translate: Translate, *,
                 adapter: bool = False) -> str:
    """Why a run has no model to download, or that its archive holds a PEFT adapter."""
    if adapter:
        text = translate("The archive holds the prefix alone, also as a PEFT adapter for the model "
                         "{model}; its README shows how to load it.")
        return message(text.format(model=run.spec.model), "note")
    if weights == "base":
        text = translate("This run trained nothing, so it has no weights of its own: it asks the "
                         "model {model} as it is. You can use that model by this name anywhere.")
        return message(text.format(model=run.spec.model), "note")
    if weights == "removed":
        return message(translate("The trained weights of this run were removed to save space. The "
                                 "same spec gives the same weights again: train it once more to "
                                 "use it."))
    return ""


def answers_panel(found: pd.DataFrame, labels: Sequence[str], translate: Translate,
                  own: Mapping[str, str] = NO_ANSWERS) -> str:
    """Bars for the labels of one text, or a row for each of several.

    In multiple choice `own` are the answers that the one text brings, by label; a label without
    one is not shown.
    """
    title = f'<h3>{escape(translate("What it answers"))}</h3>'
    if len(found) == 1:
        bars = _bars(found.to_dict("records")[0], labels, own)
        return f'<div class="cl-card{" cl-choices" if own else ""}">{title}{bars}</div>'
    legend = "".join(f'<span class="cl-key"><i style="background:{colour(index)}"></i>'
                     f"{escape(label)}</span>" for index, label in enumerate(labels))
    rows = "".join(_row(row, labels) for row in found.to_dict("records"))
    heads = "".join(f'<th scope="col">{escape(translate(name))}</th>'
                    for name in ("Text", "Label", "Probabilities"))
    return (f'<div class="cl-card">{title}<p class="cl-keys">{legend}</p>'
            '<div class="cl-scroll"><table class="cl-table cl-labelled">'
            f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div></div>")


def _bars(row: Mapping[str, object], labels: Sequence[str], own: Mapping[str, str]) -> str:
    return "".join(
        bar(own.get(label, label), float(str(row[f"p:{label}"])), colour(index))
        for index, label in enumerate(labels) if not own or own.get(label))


def _row(row: Mapping[str, object], labels: Sequence[str]) -> str:
    text = str(row["text_a"]) + (f" ▪ {row['text_b']}" if row["text_b"] else "")
    shares = [float(str(row[f"p:{label}"])) for label in labels]
    predicted = labels.index(str(row["predicted"]))
    parts = "".join(f'<span style="width:{100 * share:.1f}%;background:{colour(index)}" '
                    f'title="{escape(labels[index])} {found_percent(share)}"></span>'
                    for index, share in enumerate(shares))
    tag = label_tag(labels[predicted], predicted)
    return (f'<tr><td class="cl-labelled-text">{escape(text)}</td>'
            f"<td>{tag} {found_percent(shares[predicted])}</td>"
            f'<td><span class="cl-stack">{parts}</span></td></tr>')


def written_panel(found: pd.DataFrame, translate: Translate) -> str:
    """The text that was written for one source, or a row for each of several."""
    title = f'<h3>{escape(translate("What it writes"))}</h3>'
    if len(found) == 1:
        text = _written(str(found["output"].iloc[0]), translate)
        return f'<div class="cl-card">{title}{text}</div>'
    rows = "".join(f'<tr><td class="cl-labelled-text">{escape(str(row["text_a"]))}</td>'
                   f'<td>{_written(str(row["output"]), translate)}</td></tr>'
                   for row in found.to_dict("records"))
    heads = "".join(f'<th scope="col">{escape(translate(name))}</th>'
                    for name in ("Source text", "Output"))
    return (f'<div class="cl-card">{title}<div class="cl-scroll">'
            '<table class="cl-table cl-written-table">'
            f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div></div>")


def _written(text: str, translate: Translate) -> str:
    if not text:
        return f'<p class="cl-hint">{escape(translate("(nothing was written)"))}</p>'
    return f'<p class="cl-written">{escape(text)}</p>'
