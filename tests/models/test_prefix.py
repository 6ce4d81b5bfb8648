"""Prefixes of one batch act as each does alone, on every family, and disturb nobody else."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import torch

from core.errors import SpecError
from core.models.backbone import Backbone
from core.models.decoding import Decoding
from core.models.prefix import Prefix, stack
from core.models.prefix_attention import prefixed, read_prefix
from core.models.prefix_parameters import new_parameters, start_from_words
from core.models.prefix_places import prefix_shapes
from core.models.source_target import target_log_probs
from core.models.writing import write

KINDS = ("gpt2", "llama", "t5", "bart")
SOURCES = [[15, 16, 17, 18], [20, 21], [22, 23, 24]]
TARGETS = [[25, 26, 3], [27, 3], [16, 17, 18, 3]]


def some_prefix(backbone: Backbone, length: int, seed: int) -> Prefix:
    draws = torch.Generator().manual_seed(seed)
    return Prefix({place: torch.randn(2 * shape.layers, 1, shape.heads, length, shape.width,
                                      generator=draws)
                   for place, shape in prefix_shapes(backbone.model).items()})


@pytest.mark.parametrize("kind", KINDS)
def test_prefixes_of_several_lengths_in_one_batch(kind: str,
                                                  tiny: Callable[..., Backbone]) -> None:
    backbone = tiny(kind)
    prefixes = [some_prefix(backbone, length, seed) for seed, length in enumerate((1, 5, 9, 4))]
    leaves = [{place: part.requires_grad_() for place, part in prefix.key_values.items()}
              for prefix in prefixes]
    alone = [-target_log_probs(backbone, SOURCES, TARGETS, prefix).sums() for prefix in prefixes]
    apart = torch.autograd.grad(torch.stack(alone).sum(), [each for leaf in leaves
                                                           for each in leaf.values()])
    rows = torch.arange(4).repeat_interleave(3)
    together = -target_log_probs(backbone, SOURCES * 4, TARGETS * 4,
                                 stack(prefixes).of_rows(rows)).sums()
    torch.testing.assert_close(together, torch.cat(alone), atol=1e-4, rtol=1e-5)
    joint = torch.autograd.grad(together.sum(), [each for leaf in leaves
                                                 for each in leaf.values()])
    for one, other in zip(joint, apart, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("beams", [1, 5])
@pytest.mark.parametrize("kind", KINDS)
def test_writing_with_a_prefix_for_each_row(kind: str, beams: int,
                                            tiny: Callable[..., Backbone]) -> None:
    backbone, decoding = tiny(kind), Decoding(8, beams=beams)
    prefixes = [some_prefix(backbone, length, seed) for seed, length in enumerate((2, 5, 3))]
    alone = [write(backbone, [source], decoding, prefix)[0]
             for source, prefix in zip(SOURCES, prefixes, strict=True)]
    together = write(backbone, SOURCES, decoding, stack(prefixes))
    assert [text.ids for text in together] == [text.ids for text in alone]
    assert [text.score for text in together] == pytest.approx(
        [text.score for text in alone], abs=1e-4)


@pytest.mark.parametrize("kind", [*KINDS, "mistral", "qwen3", "gpt_neox", "opt", "phi3"])
@torch.inference_mode()
def test_a_prefix_of_real_words_is_what_the_words_would_do(kind: str,
                                                           tiny: Callable[..., Backbone]) -> None:
    backbone = tiny(kind)
    words, decoder_only = [15, 16, 17], backbone.family == "causal"
    prefix = read_prefix(backbone, words)
    assert prefix.length == 3
    plain = target_log_probs(backbone, SOURCES, TARGETS).sums()
    with_prefix = target_log_probs(backbone, SOURCES, TARGETS, prefix).sums()
    assert (with_prefix - plain).abs().max() > 1e-3
    if decoder_only:  # the same positions, the same keys: as if the words stood there
        longer = [[*words, *source] for source in SOURCES]
        torch.testing.assert_close(with_prefix, target_log_probs(backbone, longer, TARGETS).sums(),
                                   atol=2e-4, rtol=1e-5)


def test_other_threads_and_later_questions_see_no_prefix(tiny: Callable[..., Backbone]) -> None:
    backbone = tiny("gpt2")
    before = target_log_probs(backbone, SOURCES, TARGETS).sums()
    with prefixed(backbone, some_prefix(backbone, 4, 0)), ThreadPoolExecutor(1) as other:
        beside = other.submit(target_log_probs, backbone, SOURCES, TARGETS).result()
    after = target_log_probs(backbone, SOURCES, TARGETS).sums()
    assert torch.equal(beside.sums(), before)
    assert torch.equal(after, before)


def test_only_the_top_layers_may_have_a_prefix(tiny: Callable[..., Backbone]) -> None:
    backbone = tiny("gpt2")
    torch.manual_seed(0)
    made = new_parameters(backbone, "flat", 3, 0, top_layers=1)()
    assert made.first == 1
    assert made.key_values["decoder"].shape[0] == 2
    whole = {"decoder": torch.cat([torch.zeros_like(made.key_values["decoder"]),
                                   made.key_values["decoder"]])}
    found = target_log_probs(backbone, SOURCES, TARGETS, made).sums()
    zeros = target_log_probs(backbone, SOURCES, TARGETS, replace(made, key_values=whole, first=0))
    assert (found - zeros.sums()).abs().max() > 1e-4  # keys of zeros take attention; none do not


@pytest.mark.parametrize("kind", ["mlp", "flat", "embedding"])
def test_starting_from_real_words(kind: str, tiny: Callable[..., Backbone]) -> None:
    backbone, words = tiny("bart"), [15, 16]
    torch.manual_seed(0)
    made = new_parameters(backbone, kind, len(words), 64)
    wanted = read_prefix(backbone, words).key_values
    def distance() -> float:
        return sum(float((part - wanted[place]).square().mean())
                   for place, part in made().key_values.items())
    before = distance()
    start_from_words(made, backbone, words)
    assert distance() < (0.9 * before if kind == "mlp" else 1e-8)


@pytest.mark.parametrize("kind", ["bert", "mamba", "bloom", "gemma2"])
def test_types_that_take_no_prefix_are_refused(kind: str, tiny: Callable[..., Backbone]) -> None:
    backbone = tiny(kind)
    with pytest.raises(SpecError, match="take no prefixes"):
        new_parameters(backbone, "mlp", 2, 8)


@pytest.mark.parametrize("beams", [1, 3])
@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_an_infix_in_batches_is_that_of_each_source(kind: str, beams: int,
                                                    tiny: Callable[..., Backbone]) -> None:
    backbone = tiny(kind)
    torch.manual_seed(0)
    infix = new_parameters(backbone, "infix", 3, 16)().detached()
    with torch.inference_mode():
        together = target_log_probs(backbone, SOURCES, TARGETS, infix).sums()
        alone = [target_log_probs(backbone, [source], [target], infix).sums()
                 for source, target in zip(SOURCES, TARGETS, strict=True)]
    torch.testing.assert_close(together, torch.cat(alone), atol=1e-4, rtol=1e-5)
    decoding = Decoding(8, beams=beams)
    texts = write(backbone, SOURCES, decoding, infix)
    for source, text in zip(SOURCES, texts, strict=True):
        assert text.ids == write(backbone, [source], decoding, infix)[0].ids
        if beams == 1 and not text.ended:  # token by token as all at once
            with torch.inference_mode():
                found = target_log_probs(backbone, [source], [list(text.ids)], infix)
            assert text.score == pytest.approx(found.sums().item(), abs=1e-4)
