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
    spec = run.spec
    return f"{spec.task_name} · {spec.method} · K = {spec.shots} · {spec.seed} · {run.id}"


def stages(run: Run, found: Sequence[Candidate], translate: Translate) -> str:
    """Where a search stands: finding candidates, trying them, done."""
    why, state = "", escape(translate(run.status))
    if run.status == "failed":
        why = f'<div class="cl-message">{escape(run.explanation(translate))}</div>'
    return (f'<p aria-live="polite"><span class="cl-state cl-state-{run.status}">{state}</span>'
            f"{_time_left(run, translate)}{_test_score(run, translate)}</p>{why}"
            f'<ol class="cl-stages">{_stage_list(run, found, translate)}</ol>')


def _stage_list(run: Run, found: Sequence[Candidate], translate: Translate) -> str:
    tried = sum(candidate["trained"] > 0 for candidate in found)
    wanted = int(str(run.spec.options.get("tried", 0)))
    total = min(wanted, len(found) or wanted)
    done = run.status == "done"
    finding = (translate("Candidates found: {n}").format(n=len(found)) if found
               else translate("Finding candidates"))
    trying = translate("Fine-tuned and ranked: {n} of {total}").format(n=tried, total=total)
    rows = ((finding, bool(found)), (trying, bool(found) and done),
            (translate("Best one measured on the test rows"), done))
    return "".join(f'<li class="{"cl-done" if reached else ""}">{escape(text)}</li>'
                   for text, reached in rows)


def _time_left(run: Run, translate: Translate) -> str:
    if not run.seconds_left:
        return ""
    return f" {escape(translate('time left:'))} {span(run.seconds_left)}"


def _test_score(run: Run, translate: Translate) -> str:
    metric = run.metric
    if metric.name not in run.metrics:
        return ""
    name = translate("{metric} on the test rows").format(metric=translate(metric.title))
    return f" <b>{escape(name)}: {metric_text(run.metrics[metric.name], metric)}</b>"


def candidate_table(run: Run, found: Sequence[Candidate], translate: Translate) -> str:
    """Candidates of a search, best first, with what ranks them."""
    search = METHODS[run.spec.method].search if run.spec.method in METHODS else None
    if not found or search is None:
        return ""
    differing = _differing(found)
    shared = " · ".join(text(found[0]) for name, text in _TEXTS.items() if name not in differing)
    columns = ("#", *differing, _SCORES[search.score], "Development", "Fine-tuned")
    head = "".join(f'<th scope="col">{escape(translate(column))}</th>' for column in columns)
    body = "".join(_candidate_row(rank, candidate, differing, run, search, translate)
                   for rank, candidate in enumerate(found[:ROWS_SHOWN], 1))
    return (f'<div class="cl-card"><h3>{escape(translate("Candidates, best first"))}'
            f'<span class="cl-over cl-mono">{escape(shared)}</span></h3><div class="cl-scroll">'
            f'<table class="cl-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
            f"</div>{_more(len(found) - ROWS_SHOWN, translate)}"
            f'<p class="cl-hint">{escape(translate(_WHY))}</p></div>')


def _candidate_row(rank: int, candidate: Candidate, differing: Sequence[str], run: Run,
                   search: SearchFacts, translate: Translate) -> str:
    steps = int(str(run.spec.options.get("steps", 0)))
    development = candidate["dev_score"]
    kind = " class=cl-chosen" if rank == 1 and candidate["trained"] else ""
    texts = "".join(f"<td{' class=cl-mono' * (name == 'Pattern')}>"
                    f"{escape(_TEXTS[name](candidate))}</td>" for name in differing)
    return (f"<tr{kind}><td>{rank}</td>{texts}"
            f"<td>{_score(candidate['score'], search)}</td>"
            f"<td>{'' if development is None else metric_text(development, run.metric)}</td>"
            f"<td>{escape(_tried(candidate, steps, translate))}</td></tr>")


def _more(count: int, translate: Translate) -> str:
    if count <= 0:
        return ""
    return f'<p class="cl-hint">{escape(translate("and {n} more").format(n=count))}</p>'


_WHY = ("Those trained to the end come first, the better development score first; then those that "
        "were dropped, by "
        "how far they came; then those not tried, by their score before training.")


def choices(found: Sequence[Candidate]) -> list[tuple[str, str]]:
    """The best candidates to pick from: what is shown, and what stands for it."""
    shown = _differing(found) if len(found) > 1 else list(_TEXTS)
    offered = []
    for rank, candidate in enumerate(found[:CHOICES], 1):
        title = " · ".join(_TEXTS[name](candidate) for name in shown)
        packed = {"pattern": candidate["pattern"], "words": candidate["words"]}
        value = json.dumps(packed, ensure_ascii=False, sort_keys=True)
        offered.append((f"{rank}. {title}", value))
    return offered


def ticks(offered: Sequence[tuple[str, str]], search: str, ticked: Ticked) -> list[str]:
    """The ticked candidates: those ticked by hand in this search, otherwise the best so far."""
    values = [value for _, value in offered]
    if ticked[0] != search:
        return values[:1]
    return [value for value in values if value in ticked[1]]


def best_of(picked: Sequence[str], offered: Sequence[tuple[str, str]]) -> str:
    """The picked candidate that ranks best; candidates that are no longer offered rank last."""
    ranks = {value: rank for rank, (_, value) in enumerate(offered)}
    return min(picked, key=lambda value: ranks.get(value, len(ranks)))


def words_text(candidate: Candidate) -> str:
    """The words of a candidate, label by label."""
    return " / ".join(", ".join(words) for words in candidate["words"].values())


def _differing(found: Sequence[Candidate]) -> list[str]:
    """The columns, Pattern or Words, in which the candidates differ."""
    return [name for name, text in _TEXTS.items()
            if len({text(candidate) for candidate in found}) > 1]


_TEXTS: dict[str, Callable[[Candidate], str]] = {
    "Pattern": lambda candidate: str(candidate["pattern"]), "Words": words_text}


def _score(score: float, search: SearchFacts) -> str:
    return found_percent(score) if search.score == "zero_shot" else f"{score:.2f}"


def _tried(candidate: Candidate, steps: int, translate: Translate) -> str:
    if not candidate["trained"]:
        return translate("not tried")
    if candidate["trained"] < steps:
        return translate("dropped at step {step}").format(step=candidate["trained"])
    return translate("to the end")
