"""What a search has found, as people read it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from core.learning.method import SearchFacts
from core.methods.registry import METHODS
from core.runs.run import Run
from ui.bars import found_percent, metric_text
from ui.feedback import Translate
from ui.run_panels import span

ROWS_SHOWN = 15
CHOICES = 12
_SCORES = {"zero_shot": "Before training", "log_probability": "Log-probability"}
Candidate = Mapping[str, Any]
Ticked = tuple[str | None,
               Sequence[str]]  # the search in which candidates were ticked by hand, and which


def search_title(run: Run) -> str:
    """A search in a list of searches."""
    return f"{run.spec.task_name} · {run.spec.method} · K = {run.spec.shots} · {run.spec.seed} · {run.id}"


def stages(run: Run, found: Sequence[Candidate], translate: Translate) -> str:
    """Where a search stands: finding candidates, trying them, done."""
    tried, wanted = sum(each["trained"] > 0 for each in found), run.spec.options.get("tried", 0)
    search = translate("Candidates found: {n}").format(n=len(found)) if found else translate(
        "Finding candidates")
    total = min(int(str(wanted)), len(found) or int(str(wanted)))
    trying = translate("Fine-tuned and ranked: {n} of {total}").format(n=tried, total=total)
    reached = (bool(found), bool(found) and run.status == "done", run.status == "done")
    marks = "".join(f'<li class="{"cl-done" if done else ""}">{escape(text)}</li>'
                    for text, done in zip((search, trying,
                                           translate("Best one measured on the test rows")),
                                          reached, strict=True))
    left = f" {escape(translate('time left:'))} {span(run.seconds_left)}" if run.seconds_left else ""
    why = f'<div class="cl-message">{escape(run.explanation(translate))}</div>' if run.status == "failed" else ""
    metric = run.metric
    test = (f' <b>{escape(translate("{metric} on the test rows").format(metric=translate(metric.title)))}: '
            f"{metric_text(run.metrics[metric.name], metric)}</b>" if metric.name in run.metrics
            else "")
    return (f'<p aria-live="polite">'
            f'<span class="cl-state cl-state-{run.status}">{escape(translate(run.status))}'
            f'</span>{left}'
            f'{test}</p>{why}<ol class="cl-stages">{marks}</ol>')


def candidate_table(run: Run, found: Sequence[Candidate], translate: Translate) -> str:
    """Candidates of a search, best first, with what ranks them."""
    search = METHODS[run.spec.method].search if run.spec.method in METHODS else None
    if not found or search is None:
        return ""
    metric, steps = run.metric, int(str(run.spec.options.get("steps", 0)))
    several = {name: len({text(each) for each in found}) > 1 for name, text in _TEXTS.items()}
    heads = ("#", *(name for name in _TEXTS if several[name]),
             _SCORES[search.score], "Development", "Fine-tuned")
    body = "".join(
        f'<tr{" class=cl-chosen" if not at and each["trained"] else ""}><td>{at + 1}</td>'
        + "".join(f"<td{' class=cl-mono' * (name == 'Pattern')}>{escape(text(each))}</td>"
                  for name, text in _TEXTS.items() if several[name])
        + f"<td>{_score(each['score'], search)}</td>"
        f'<td>{metric_text(each["dev_score"], metric) if each["dev_score"] is not None else ""}'
        f'</td>'
        f"<td>{escape(_tried(each, steps, translate))}</td></tr>"
        for at, each in enumerate(found[:ROWS_SHOWN]))
    head = "".join(f'<th scope="col">{escape(translate(each))}</th>' for each in heads)
    shared = " · ".join(text(found[0]) for name, text in _TEXTS.items() if not several[name])
    more = f'<p class="cl-hint">{escape(translate("and {n} more").format(n=len(found) - ROWS_SHOWN))}</p>' * (
        len(found) > ROWS_SHOWN)
    return (f'<div class="cl-card"><h3>{escape(translate("Candidates, best first"))}'
            f'<span class="cl-over cl-mono">{escape(shared)}</span></h3><div class="cl-scroll">'
            f'<table class="cl-table"><thead><tr>{head}</tr></thead>'
            f'<tbody>{body}</tbody></table></div>{more}'
            f'<p class="cl-hint">{escape(translate(_WHY))}</p></div>')


_WHY = ("Those trained to the end come first, the better development score first; then those that "
        "were dropped, by "
        "how far they came; then those not tried, by their score before training.")


def choices(found: Sequence[Candidate]) -> list[tuple[str, str]]:
    """The best candidates to pick from: what is shown, and what stands for it."""
    several = {name: len({text(each) for each in found}) > 1 for name, text in _TEXTS.items()}
    return [(f"{at}. "
             + " · ".join(text(each)
                          for name, text in _TEXTS.items() if several[name] or len(found) == 1),
             json.dumps({"pattern": each["pattern"], "words": each["words"]}, ensure_ascii=False,
                        sort_keys=True))
            for at, each in enumerate(found[:CHOICES], 1)]


def ticks(offered: Sequence[tuple[str, str]], search: str, ticked: Ticked) -> list[str]:
    """The candidates that stand ticked: those ticked by hand in this search, otherwise the best so far."""
    values = [value for _, value in offered]
    return [each for each in values if each in ticked[1]] if ticked[0] == search else values[:1]


def best_of(picked: Sequence[str], offered: Sequence[tuple[str, str]]) -> str:
    """The picked candidate that ranks best; candidates that are no longer offered rank last."""
    ranks = {value: at for at, (_, value) in enumerate(offered)}
    return min(picked, key=lambda each: ranks.get(each, len(ranks)))


def words_text(candidate: Candidate) -> str:
    """The words of a candidate, label by label."""
    return " / ".join(", ".join(words) for words in candidate["words"].values())


_TEXTS: dict[str, Callable[[Candidate], str]] = {"Pattern": lambda each: str(each["pattern"]),
                                                 "Words": words_text}


def _score(score: float, search: SearchFacts) -> str:
    return found_percent(score) if search.score == "zero_shot" else f"{score:.2f}"


def _tried(candidate: Candidate, steps: int, translate: Translate) -> str:
    if not candidate["trained"]:
        return translate("not tried")
    if candidate["trained"] < steps:
        return translate("dropped at step {step}").format(step=candidate["trained"])
    return translate("to the end")
