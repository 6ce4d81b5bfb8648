"""Texts are written as transformers writes them, whatever else is in the batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from core.models.backbone import Backbone
from core.models.decoding import Decoding, end_tokens, text_of
from core.models.next_tokens import NextTokens
from core.models.writing import write

SOURCES = [[15, 16, 17, 18, 19], [20, 21], [22, 23, 24], [30, 15], [20, 21]]
ROOM = 10


def theirs(backbone: Backbone, source: list[int], **settings: object) -> list[int]:
    """What transformers' `generate` writes after one source, without start and end."""
    model = backbone.model
    model.generation_config.forced_eos_token_id = None  # BART's: the last token must be an end
    ids = torch.tensor([source])
    found = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=ROOM,
                           do_sample=False, pad_token_id=backbone.padding_id, **settings)[0]
    start = len(source) if backbone.family == "causal" else 1
    written = found[start:].tolist()
    ends = end_tokens(backbone, one_line=False)
    stop = next((at for at, token in enumerate(written) if token in ends), len(written))
    return written[:stop]


@pytest.mark.parametrize("settings", [
    {}, {"num_beams": 4}, {"num_beams": 3, "length_penalty": 2.0},
    {"num_beams": 3, "length_penalty": 0.0}, {"min_new_tokens": 6},
])
@pytest.mark.parametrize("kind", ["gpt2", "llama", "gpt_neox", "opt", "t5", "bart"])
def test_as_transformers_writes(kind: str, settings: dict, tiny: Callable[..., Backbone]) -> None:
    backbone = tiny(kind)
    decoding = Decoding(ROOM, settings.get("min_new_tokens", 0), settings.get("num_beams", 1),
                        settings.get("length_penalty", 1.0))
    found = [list(text.ids) for text in write(backbone, SOURCES, decoding)]
    assert found == [theirs(backbone, source, **settings) for source in SOURCES]


@pytest.mark.parametrize("kind", ["gpt2", "t5"])
def test_sampling_depends_on_the_source_and_the_seed_alone(kind: str,
                                                           tiny: Callable[..., Backbone]) -> None:
    backbone, decoding = tiny(kind), Decoding(ROOM, temperature=1.0, seed=3)
    together = write(backbone, SOURCES, decoding)
    alone = [write(backbone, [source], decoding)[0] for source in SOURCES]
    assert [text.ids for text in together] == [text.ids for text in alone]
    other = write(backbone, SOURCES, replace(decoding, seed=4))
    assert [text.ids for text in other] != [text.ids for text in together]


def test_sampling_from_few_tokens_is_greedy(tiny: Callable[..., Backbone]) -> None:
    backbone = tiny("gpt2")
    narrow = write(backbone, SOURCES, Decoding(ROOM, temperature=1.0, top_p=1e-6))
    assert [text.ids for text in narrow] == [
        text.ids for text in write(backbone, SOURCES, Decoding(ROOM))]


@pytest.mark.parametrize("kind", ["gpt2", "llama", "t5", "bart"])
@pytest.mark.parametrize("beams", [1, 3])
def test_going_on_from_a_beginning(kind: str, beams: int, tiny: Callable[..., Backbone]) -> None:
    backbone, decoding = tiny(kind), Decoding(ROOM, beams=beams)
    begun = [[16, 17], [], [18], [20, 21, 22], []]
    texts = write(backbone, SOURCES, decoding, begun=begun)
    for text, start in zip(texts, begun, strict=True):
        assert list(text.ids[:len(start)]) == start
    free = write(backbone, SOURCES, decoding)
    assert texts[1] == free[1]
    whole = write(backbone, SOURCES, decoding, begun=[list(text.ids) for text in free])
    assert [text.ids for text in whole] == [text.ids for text in free]


def test_gnmt_length_penalty_divides_by_five_plus_length_over_six(
        tiny: Callable[..., Backbone]) -> None:
    from core.models.source_target import target_log_probs

    backbone = tiny("t5")
    end = min(end_tokens(backbone, one_line=False))
    texts = write(backbone, SOURCES,
                  Decoding(ROOM, beams=4, length_penalty=0.6, normalisation="gnmt"))
    for source, text in zip(SOURCES, texts, strict=True):
        ids = [*text.ids, *([end] if text.ended else [])]
        with torch.inference_mode():
            total = target_log_probs(backbone, [source], [ids]).sums().item()
        assert text.score == pytest.approx(total / ((5 + len(ids)) / 6) ** 0.6, abs=1e-4)


def test_watching_tells_of_each_token_and_may_stop(tiny: Callable[..., Backbone]) -> None:
    backbone, seen = tiny("gpt2"), {}

    def watch(rows: list[int], texts: list[list[int]]) -> None:
        for row, text in zip(rows, texts, strict=True):
            seen.setdefault(row, []).append(list(text))

    texts = write(backbone, SOURCES, Decoding(ROOM), watch=watch)
    assert sorted(seen) == [0, 1, 2, 3]  # the last source equals the second
    for row, steps in seen.items():
        assert steps[-1] == list(texts[row].ids)
        assert all(later[:len(step)] == step for step, later in pairwise(steps))

    def stop(rows: list[int], texts: list[list[int]]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(backbone, SOURCES, Decoding(ROOM), watch=stop)


def test_one_line_ends_at_a_line_break(tiny: Callable[..., Backbone]) -> None:
    backbone = tiny("gpt2")
    breaks = end_tokens(backbone, one_line=True) - end_tokens(backbone, one_line=False)
    assert breaks
    for text in write(backbone, SOURCES, Decoding(40, temperature=2.0, one_line=True)):
        assert text.ids
        assert "\n" not in text_of(text, backbone)


@pytest.mark.parametrize("kind", ["gpt2", "llama", "mistral", "opt"])
@pytest.mark.parametrize("beams", [1, 3])
def test_what_sources_begin_with_is_read_once(kind: str, beams: int,
                                              tiny: Callable[..., Backbone],
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    backbone, decoding = tiny(kind), Decoding(ROOM, beams=beams)
    assert backbone.shares_start
    start = [15 + at % 10 for at in range(20)]
    sources = [[*start, *source] for source in SOURCES]
    alone = [write(backbone, [source], decoding)[0] for source in sources]
    read = []
    original = NextTokens._read

    def counted(self: NextTokens, ids: torch.Tensor, *further: object) -> torch.Tensor:
        read.append(tuple(ids.shape))
        return original(self, ids, *further)

    monkeypatch.setattr(NextTokens, "_read", counted)
    together = write(backbone, sources, decoding)
    assert [text.ids for text in together] == [text.ids for text in alone]
    assert [text.score for text in together] == pytest.approx(
        [text.score for text in alone], abs=1e-4)
    assert read[0] == (1, 20)
    assert read[1] == (4, 5)
