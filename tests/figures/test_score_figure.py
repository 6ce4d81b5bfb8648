"""Score and shots figures draw the records' values, their means, spread and intervals."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest
from made_up_runs import LONG, SHORT, run, runs, study
from scipy import stats

from core.figures.curves import shots_figure
from core.figures.scores import score_figure
from core.runs.records import RunRecord


def traces(figure: go.Figure, method: str) -> list[go.Scatter]:
    return [trace for trace in figure.data if trace.legendgroup == method]


def written(figure: go.Figure) -> list[str]:
    return [annotation.text for annotation in figure.layout.annotations]


def several_shots() -> list[RunRecord]:
    return [run("zero-shot", 0.6, shots=0), *runs("lm-bff", (0.70, 0.72, 0.74), shots=8),
            *runs("lm-bff", (0.80, 0.82, 0.84), shots=16)]


def test_every_run_is_a_point() -> None:
    points, _, _ = traces(score_figure(study()), "lm-bff")
    assert list(points.x) == [0.80, 0.82, 0.84, 0.70, 0.74, 0.78]
    assert ["seed 13" in text for text in points.hovertext] == [True, False, False] * 2


def test_means_and_spread() -> None:
    _, spread, means = traces(score_figure(study()), "lm-bff")
    assert means.x == pytest.approx((0.82, 0.74))
    assert [x for x in spread.x if x is not None] == pytest.approx([0.80, 0.84, 0.70, 0.78])


def test_error_bars_are_t_intervals() -> None:
    means = traces(score_figure(study()), "lm-bff")[2]
    expected = [stats.t.ppf(0.975, 2) * sd / np.sqrt(3) for sd in (0.02, 0.04)]
    assert means.error_x.array == pytest.approx(expected)


def test_intervals_of_shares_end_at_one() -> None:
    means = traces(score_figure(runs("pet", (0.7, 0.9, 1.0))), "pet")[2]
    assert "95% interval 48.7% to 100.0%" in means.hovertext[0]


def test_one_run_has_no_bars() -> None:
    _, spread, means = traces(score_figure(study()), "zero-shot")
    assert (len(spread.x), means.error_x.array) == (0, (None, None))


def test_points_lie_in_the_row_of_their_mean_and_rows_apart() -> None:
    points, _, means = traces(score_figure(study()), "lm-bff")
    rows = np.repeat(means.y, 3)
    assert (np.abs(np.array(points.y) - rows) < 17).all()
    assert np.diff(means.y)[0] >= 34


def test_means_and_sds_are_written_too() -> None:
    texts = set(written(score_figure(study())))
    assert {"mean ± sd", "82.0% ± 2.0", "74.0% ± 4.0", "65.0% ± 5.0", "60.0%"} <= texts
    assert {SHORT, "(no pattern)"} <= texts


def test_long_patterns_are_elided_and_whole_under_the_pointer() -> None:
    annotations = score_figure(study()).layout.annotations
    [heading] = [note for note in annotations if note.text.startswith("{mask}")]
    assert heading.text.endswith("…")
    assert heading.text.count("<br>") == 1
    assert heading.hovertext.replace("<br>", " ") == LONG


def test_patterns_are_no_markup() -> None:
    figure = score_figure([run("lm-bff", 0.8, pattern="<b>{text_a}</b> {mask} & <a href='x'>")])
    texts = [
        figure.layout.annotations[1].text,
        *figure.data[0].hovertext,
        *figure.data[2].hovertext,
    ]
    assert all("&lt;b&gt;{text_a}&lt;/b&gt; {mask} &amp; &lt;a" in text for text in texts)


def test_methods_come_in_their_usual_order() -> None:
    names = [trace.name for trace in score_figure(study()[::-1]).data if trace.name]
    assert names == ["zero-shot", "head", "lm-bff"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"shots": 8}, ["K = 16", "K = 8"]),
        ({"task": "headlines"}, ["reviews", "headlines"]),
        ({"model": "mini-causal"}, ["mini-masked", "mini-causal"]),
        ({"words": "bad=bad"}, ["bad=terrible", "bad=bad"]),
    ],
)
def test_headings_name_what_differs(change: dict, named: list[str]) -> None:
    figure = score_figure([run("lm-bff", 0.8), run("lm-bff", 0.7, **change)])
    headings = [text for text in written(figure) if text.startswith(SHORT)]
    pairs = zip(named, headings, strict=True)
    assert [text in heading for text, heading in pairs] == [True, True]


def test_zero_shot_shares_the_row_heading_of_trained_methods() -> None:
    assert written(score_figure(study())).count(SHORT) == 1


def test_curves_are_means_over_patterns_and_seeds() -> None:
    _, points, line = traces(shots_figure(several_shots()), "lm-bff")
    assert list(line.x) == [8, 16]
    assert line.y == pytest.approx((0.72, 0.82))
    assert list(points.y) == [0.70, 0.72, 0.74, 0.80, 0.82, 0.84]


def test_bands_are_t_intervals() -> None:
    band = traces(shots_figure(several_shots()), "lm-bff")[0]
    half = stats.t.ppf(0.975, 2) * 0.02 / np.sqrt(3)
    assert list(band.x) == [8, 16, 16, 8]
    assert band.y == pytest.approx((0.72 - half, 0.82 - half, 0.82 + half, 0.72 + half))


def test_no_examples_are_a_line_across() -> None:
    _, points, line = traces(shots_figure(several_shots()), "zero-shot")
    assert (line.line.dash, line.y, len(points.x)) == ("dot", (0.6, 0.6), 0)
    assert line.x[0] < 8
    assert line.x[1] > 16


def test_one_number_of_shots_makes_no_curve_and_says_so() -> None:
    assert "several K" in shots_figure(study()).layout.xaxis.title.text
    assert "several K" not in shots_figure(several_shots()).layout.xaxis.title.text


@pytest.mark.parametrize(("metric", "title"), [
    ("macro_f1", "Macro F1"), ("exact_match", "Exact match"), ("own", "own")])
def test_other_metrics(metric: str, title: str) -> None:
    records = [RunRecord("a", "t", "m", "pet", SHORT, "", 16, seed, metrics={metric: 0.5})
               for seed in (1, 2)]
    assert score_figure(records, metric).layout.xaxis.title.text.startswith(title)
    assert shots_figure(records, metric).layout.yaxis.title.text == title
