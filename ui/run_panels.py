"""Runs as people read them: table rows, a heading with counts, and a card for one run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape

from core.metrics.metric import FINDINGS, Metric, found_metrics, main_metric
from core.runs.run import Run
from ui.bars import found_percent, metric_text, range_text
from ui.feedback import Translate

_BEFORE_METRIC = ("State", "Progress")
_AFTER_METRIC = ("Method", "K", "Seed", "Pattern", "Time", "Run")
MOST_METRICS = 4  # in the card of a run; the others are folded
STATES = ("running", "queued", "done", "failed", "cancelled", "interrupted")


def runs_heading(runs: Sequence[Run], translate: Translate) -> str:
    """How many runs are in each state."""
    if not runs:
        hint = translate("No runs yet. Choose methods and patterns, then press Start.")
        return f'<p class="cl-hint">{escape(hint)}</p>'
    counts = Counter(run.status for run in runs)
    states = " ".join(
        f'<span class="cl-state cl-state-{state}">{counts[state]} {escape(translate(state))}</span>'
        for state in STATES if counts[state])
    left, more = sum(run.seconds_left or 0 for run in runs if run.status == "running"), ""
    if left:
        title = escape(translate("time left of the running:"))
        more = f' <span class="cl-hint">{title} {span(left)}</span>'
    return f'<p aria-live="polite">{states}{more}</p>'


def run_columns(runs: Sequence[Run], translate: Translate) -> list[str]:
    """The heads of the table of runs, one of them their main metric."""
    before = [translate(head) for head in _BEFORE_METRIC]
    after = [translate(head) for head in _AFTER_METRIC]
    return [*before, _metric(runs).head(translate), *after]


def run_rows(runs: Sequence[Run], translate: Translate) -> list[list[object]]:
    """One table row for each run."""
    metric, rows = _metric(runs), []
    for run in runs:
        score = ""
        if metric.name in run.metrics:
            score = metric_text(run.metrics[metric.name], metric)
        seconds = span(run.seconds) if run.seconds is not None else ""
        rows.append([translate(run.status), _progress(run), score, run.spec.method,
                     run.spec.shots, run.spec.seed, run.spec.pattern_text, seconds, run.id])
    return rows


def _metric(runs: Sequence[Run]) -> Metric:
    """The main metric of runs of one study."""
    return runs[0].metric if runs else main_metric("classification")


def run_card(run: Run, log: Sequence[str], translate: Translate) -> str:
    """One run in full: what it is, its progress, results or failure, and its log."""
    spec, why = run.spec, ""
    facts = [("method", spec.method), ("pattern", spec.pattern_text), ("words", spec.words_text),
             ("K", spec.shots), ("seed", spec.seed), ("model", spec.model),
             ("task", spec.task_name)]
    if run.status == "failed":
        why = f'<div class="cl-message">{escape(run.explanation(translate))}</div>'
    return (f'<div class="cl-card"><h3>{_card_title(run, translate)}</h3>{why}'
            '<div class="cl-halves">'
            f'<table class="cl-table cl-facts">{_facts(facts, translate)}</table>'
            f'<table class="cl-table">{_results(run, translate)}</table>'
            f"</div>{_further(run, translate)}{_options(run, translate)}"
            f'<details class="cl-details"><summary>{escape(translate("Log"))}</summary>'
            f'<div class="cl-log">{escape(chr(10).join(log))}</div></details></div>')


def _card_title(run: Run, translate: Translate) -> str:
    state = escape(translate(run.status))
    return (f'<span>{escape(translate("Run"))} {escape(run.id)} '
            f'<span class="cl-state cl-state-{run.status}">{state}</span></span>'
            f'<span class="cl-over">{_progress(run)}</span>')


def _results(run: Run, translate: Translate) -> str:
    shown = dict(run.metrics)
    for metric in _further_metrics(run):
        del shown[metric.name]
    return _result_rows(_findings(shown, translate))


def _further(run: Run, translate: Translate) -> str:
    """The metrics that do not stand beside the settings, of which texts have many."""
    names = {metric.name for metric in _further_metrics(run)}
    if not names:
        return ""
    values = {name: value for name, value in run.metrics.items()
              if name.removesuffix("_low").removesuffix("_high") in names}
    return (f'<details class="cl-details"><summary>{escape(translate("Further metrics"))}</summary>'
            f'<table class="cl-table">{_result_rows(_findings(values, translate))}</table>'
            "</details>")


def _further_metrics(run: Run) -> list[Metric]:
    measured = [metric for metric in found_metrics(run.metrics) if not metric.on_development]
    return measured[MOST_METRICS:]


def _result_rows(rows: Iterable[tuple[str, str]]) -> str:
    return "".join(f"<tr><th>{escape(name)}</th><td><b>{escape(value)}</b></td></tr>"
                   for name, value in rows)


def _options(run: Run, translate: Translate) -> str:
    options = [(name.replace("_", " "), option_value(name, value, translate))
               for name, value in run.spec.options_that_matter.items()]
    if not options:
        return ""
    return (f'<details class="cl-details"><summary>{escape(translate("Options"))}</summary>'
            f'<table class="cl-table cl-facts">{_facts(options, translate)}</table></details>')


def _facts(facts: Sequence[tuple[str, object]], translate: Translate) -> str:
    """Table rows of names and values; empty values are left out."""
    return "".join(f"<tr><th>{escape(translate(name))}</th><td>{escape(str(value))}</td></tr>"
                   for name, value in facts
                   if value != "")


def option_value(name: str, value: object, translate: Translate) -> str:
    """A method's option as people read it; a learning rate of 0 is chosen by the model's size."""
    if isinstance(value, float):
        return translate("automatic") if name == "learning_rate" and value == 0 else f"{value:g}"
    return str(value)


def span(seconds: float) -> str:
    """A length of time, short: 8 s, 3 min, 2.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _progress(run: Run) -> str:
    if run.status == "running" and run.total:
        left = f", −{span(run.seconds_left)}" if run.seconds_left else ""
        return f"{100 * run.step // run.total} %{left}"
    return ""


def _findings(metrics: Mapping[str, float], translate: Translate) -> Iterator[tuple[str, str]]:
    """Metrics and further findings, as people read them: names and values."""
    for metric in found_metrics(metrics):
        yield metric.head(translate), metric_text(metrics[metric.name], metric)
        low, high = (metrics.get(f"{metric.name}_{end}") for end in ("low", "high"))
        if low is not None and high is not None:
            yield translate("95 % interval"), range_text(low, high, metric)
    for name, (title, unit) in FINDINGS.items():
        if name in metrics:
            value = metrics[name]
            yield translate(title), f"{value:,.0f}" if unit == "count" else found_percent(value)
