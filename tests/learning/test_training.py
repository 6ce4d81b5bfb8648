"""The training loop: which weights are kept, what is trained on, and the same numbers as a loop
written out.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from core.errors import Cancelled
from core.learning.training import Schedule, Trained, train
from core.randomness import rng

EXAMPLES, FEATURES, LABELS = 10, 6, 3
INPUTS = torch.from_numpy(rng(0, "inputs").normal(size=(EXAMPLES, FEATURES))).float()
GOLD = torch.arange(EXAMPLES) % LABELS


def silent(step: int, total: int, *, loss: float | None = None,
           dev_score: float | None = None) -> None:
    """Progress that nobody listens to."""


def network() -> nn.Sequential:
    """A small classifier with dropout, the same at each call."""
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(FEATURES, 16), nn.GELU(), nn.Dropout(0.3), nn.Linear(16, LABELS))


def fit(model: nn.Module, schedule: Schedule, seed: int = 13, *,
        evaluate: Callable[[], float] = lambda: 0.0,
        progress=silent) -> tuple[Trained, list[list[int]]]:
    """Train on the examples above; also return the batches."""
    batches: list[list[int]] = []

    def loss(batch: list[int]) -> torch.Tensor:
        assert model.training
        batches.append(batch)
        return F.cross_entropy(model(INPUTS[batch]), GOLD[batch])

    return train(model, loss, EXAMPLES, schedule, seed, evaluate, progress), batches


def weights(model: nn.Module) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


@pytest.mark.parametrize(("accuracies", "best_step"), [
    ((0.1, 0.2, 0.3, 0.4), 8), ((0.5, 0.9, 0.9, 0.4), 4), ((0.7, 0.7, 0.7, 0.7),
                                                           2), ((0.0, 0.0, 0.0, 0.1), 8),
])
def test_first_of_the_best_checkpoints_is_kept(accuracies: tuple[float, ...],
                                               best_step: int) -> None:
    model, answers, seen = network(), iter(accuracies), []

    def evaluate() -> float:
        assert not model.training
        seen.append(weights(model))
        return next(answers)

    trained, _ = fit(model, Schedule(8, 4, 0.01, 2), evaluate=evaluate)
    assert trained == Trained(best_step, max(accuracies))
    assert torch.equal(weights(model), seen[best_step // 2 - 1])
    assert len({tuple(each.tolist()) for each in seen}) == len(seen)


def test_last_step_is_always_evaluated() -> None:
    heard = []
    fit(network(), Schedule(5, 4, 0.01, 2), evaluate=lambda: 0.5,
        progress=lambda step, total, *, loss=None,
        dev_score=None: heard.append((step, total, dev_score)))
    assert heard == [(1, 5, None), (2, 5, 0.5), (3, 5, None), (4, 5, 0.5), (5, 5, 0.5)]


def test_trained_model_is_left_for_asking() -> None:
    model = network()
    fit(model, Schedule(3, 4, 0.01, 1))
    assert not model.training
    assert not any(parameter.requires_grad for parameter in model.parameters())


@pytest.mark.parametrize("size", [1, 3, 5, 8, 10, 64])
def test_each_pass_covers_all_examples_in_a_new_order(size: int) -> None:
    a_pass = -(-EXAMPLES // size)
    _, batches = fit(network(), Schedule(3 * a_pass, size, 0.01, 100))
    passes = [[*chain(*batches[start : start + a_pass])]
              for start in range(0, len(batches), a_pass)]
    assert [sorted(each) for each in passes] == [list(range(EXAMPLES))] * 3
    assert passes[0] != passes[1] != passes[2]
    assert all(len(batch) <= size for batch in batches)


@pytest.mark.parametrize(("warmup", "weight_decay"), [(0, 0.0), (3, 0.0), (0, 0.1)])
def test_same_as_a_plain_loop_with_the_same_batches(warmup: int, weight_decay: float) -> None:
    ours, plain = network().eval(), network()
    ours[2].p = plain[2].p = 0.0
    schedule = Schedule(12, 4, 0.05, 12, weight_decay, warmup)
    _, batches = fit(ours, schedule)
    optimizer = torch.optim.AdamW(plain.parameters(), weight_decay=weight_decay, fused=True)
    for step, batch in enumerate(batches):
        share = (step + 1) / warmup if step < warmup else (12 - step) / (12 - warmup)
        optimizer.param_groups[0]["lr"] = 0.05 * share
        optimizer.zero_grad()
        F.cross_entropy(plain(INPUTS[batch]), GOLD[batch]).backward()
        nn.utils.clip_grad_norm_(plain.parameters(), 1.0)
        optimizer.step()
    assert torch.equal(weights(ours), weights(plain))


def test_seed_decides_batches_and_dropout_whatever_was_drawn_before() -> None:
    first, again, other = network(), network(), network()
    _, batches = fit(first, Schedule(6, 4, 0.01, 6), 13)
    torch.rand(100)
    _, same = fit(again, Schedule(6, 4, 0.01, 6), 13)
    _, different = fit(other, Schedule(6, 4, 0.01, 6), 21)
    assert (batches == same, batches == different) == (True, False)
    assert torch.equal(weights(first), weights(again))
    assert not torch.equal(weights(first), weights(other))


def test_loss_falls() -> None:
    losses: list[float] = []
    fit(network(), Schedule(80, 10, 0.05, 80),
        progress=lambda step, total, *, loss=None, dev_score=None: losses.append(loss))
    assert losses[-1] < 0.5 * losses[0]


def test_frozen_weights_stay() -> None:
    model = network()
    model[0].requires_grad_(False)
    before = model[0].weight.clone(), model[3].weight.clone()
    fit(model, Schedule(3, 4, 0.1, 3))
    assert torch.equal(model[0].weight, before[0])
    assert not torch.equal(model[3].weight, before[1])


def test_cancelled_at_the_next_step() -> None:
    def stop(step: int, total: int, *, loss: float | None = None,
             dev_score: float | None = None) -> None:
        if step == 3:
            raise Cancelled

    batches: list[list[int]] = []
    with pytest.raises(Cancelled):
        train(network(), lambda batch: batches.append(batch) or network()(INPUTS[batch]).sum(),
              EXAMPLES,
              Schedule(9, 4, 0.01, 9), 13, lambda: 0.0, stop)
    assert len(batches) == 3
