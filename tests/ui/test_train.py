"""The Train tab's card of one run."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import gradio as gr

from core.data.catalog import load_task
from core.data.files import DataLimits
from core.runs.spec import StudySpec
from core.runs.store import RunStore
from ui.train.tab import Train

ENGLISH = gr.Request(headers={"accept-language": "en"})
PATTERN = {"pattern": "{text_a} It was {mask}.", "words": {"negative": ["terrible"], "positive": ["great"]}}


def test_the_card_of_a_search_shows_its_candidates(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    spec = StudySpec.from_dict({"task": "reviews", "methods": ["auto-words", "lm-bff"], "patterns": [PATTERN],
                                "seeds": [13], "options": {"auto-words": {"steps": 50}}})
    store.submit(spec, spec.runs(load_task("reviews", limits=DataLimits())), "ann")
    run = store.claim()
    assert run is not None
    store.progress(run, 10, 400, [], [{**PATTERN, "words": {"negative": ["awful"], "positive": ["<fine>"]},
                                       "score": 0.75, "dev_score": 0.9, "trained": 10}])
    train = Train.__new__(Train)
    train.services = SimpleNamespace(store=store)
    searching, other = (train.show_run(ENGLISH, "ann", each.id)[0] for each in store.runs("ann"))
    assert "awful / &lt;fine&gt;" in searching
    assert "dropped at step 10" in searching
    assert "Candidates" not in other
    store.close()
