"""PET and iPET go on where an equal run stopped, with exactly the same result."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_pet import HIDDEN, POOL, TRAIN, FewShotSplit, Told, learn, problem
from torch import nn

from core.errors import Cancelled
from core.learning import distillation, members
from core.learning.checkpoint import Checkpoint
from core.learning.checkpoints import trained_once
from core.learning.training import Trained
from core.methods.ipet import Ipet
from core.methods.pet import Pet
from core.models.backbone import Backbone
from core.models.placement import Placement
from core.runs.checkpoints import FolderCheckpoints

GROWTH = {"generations": 2, "factor": 1.5}
CPU = Placement("cpu", "float32")
CASES = [(
    Pet(), {}, [{
        "step": 2}, {
            "rows": 1}, {"step": 6}, {"step": 14}, {"rows": 4}, {"rows": 5}, {"step": 18}]),
         (Pet(), {"alpha": 0.3, "weighted": False}, [{"step": 6}]),
         (Ipet(),
          GROWTH, [{
              "step": 6}, {"rows": 5}, {"step": 26}, {"rows": 12}, {"step": 46}, {"step": 52}])]


class Heard(Told):
    """Progress that remembers curves too, and stops at a step or once so many rows are told."""

    def __init__(self, step: int | None = None, rows: int | None = None) -> None:
        super().__init__()
        self.curve: list[tuple[int, float | None, float | None]] = []
        self.stop_step, self.stop_rows = step, rows

    def __call__(self, step: int, total: int, **news: Any) -> None:
        super().__call__(step, total, **news)
        if news.get("loss") is not None:
            self.curve.append((step, news["loss"], news.get("dev_score")))
        if self.stop_step == step or (self.stop_rows is not None
                                      and len(self.rows) >= self.stop_rows):
            raise Cancelled()


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of steps of every training that was done."""
    counted: list[int] = []
    for module in (members, distillation):
        real = module.train

        def counting(model: Any, loss: Any, examples: int, schedule: Any, *rest: Any,
                     real: Any = real,
                     **more: Any) -> Any:
            counted.append(schedule.steps)
            return real(model, loss, examples, schedule, *rest, **more)

        monkeypatch.setattr(module, "train", counting)
    return counted


@pytest.fixture
def opened(tmp_path: Path) -> Callable[[], FolderCheckpoints]:
    """The run's checkpoints, as each attempt opens them anew."""
    return lambda: FolderCheckpoints(tmp_path, "run", CPU, "session", 1e9)


def outcome(method: Any, given: Any, told: Heard, **options: Any) -> tuple[Any, ...]:
    """All that must not depend on how often the run was broken off."""
    learned, _ = learn(method, given, told, **options)
    measured = learned.measure(TRAIN)
    return (learned.predictor.log_probs([*TRAIN, *POOL]).tolist(), learned.metrics, measured,
            told.rows,
            sorted(set(told.curve)), told.steps[-1])


@pytest.mark.parametrize(("method", "options", "stops"), CASES)
def test_a_stopped_run_goes_on_to_the_same_result(method: Any, options: Any, stops: Any,
                                                  trained: list[int],
                                                  tmp_path: Path,
                                                  tiny: Callable[[str], Backbone]) -> None:
    given = problem(tiny("bert"))
    expected = outcome(method, given, Heard(), **options)
    whole = len(trained)
    for number, stop in enumerate(stops):
        first, second = (FolderCheckpoints(tmp_path, str(number), CPU, "session", 1e9)
                         for _ in range(2))
        broken = Heard(**stop)
        with pytest.raises(Cancelled):
            outcome(method, replace(given, checkpoints=first), broken, **options)
        trained.clear()
        assert outcome(method, replace(given, checkpoints=second), Heard(),
                       **options) == expected, stop
        finished = len([each for each in broken.rows if each["stage"] == "model"])
        assert len(trained) == whole - finished, stop
        assert bool(second.notes()) == bool(finished)


def test_every_attempt_may_be_stopped(trained: list[int], opened: Callable[[], FolderCheckpoints],
                                      tiny: Callable[[str], Backbone]) -> None:
    given = problem(tiny("bert"))
    expected = outcome(Ipet(), given, Heard(), **GROWTH)
    whole = len(trained)
    for rows in range(1, len(expected[3])):
        with pytest.raises(Cancelled):
            outcome(Ipet(), replace(given, checkpoints=opened()), Heard(rows=rows), **GROWTH)
    assert outcome(Ipet(), replace(given, checkpoints=opened()), Heard(), **GROWTH) == expected
    assert len(trained) == 2 * whole  # each training once, and once for what is expected


def test_a_start_without_any_labels_goes_on_too(opened: Callable[[], FolderCheckpoints],
                                                tiny: Callable[[str], Backbone]) -> None:
    given = problem(tiny("bert"), split=FewShotSplit(0, 1, (), (), POOL, HIDDEN))
    expected = outcome(Ipet(), given, Heard(), **GROWTH)
    with pytest.raises(Cancelled):
        outcome(Ipet(), replace(given, checkpoints=opened()), Heard(rows=7), **GROWTH)
    assert outcome(Ipet(), replace(given, checkpoints=opened()), Heard(), **GROWTH) == expected


@pytest.mark.parametrize("kind", ["t5", "gpt2", "albert", "bart"])
def test_every_family_goes_on(kind: str, trained: list[int],
                              opened: Callable[[], FolderCheckpoints],
                              tiny: Callable[[str], Backbone]) -> None:
    given = problem(tiny(kind))
    expected = outcome(Pet(), given, Heard())
    with pytest.raises(Cancelled):
        outcome(Pet(), replace(given, checkpoints=opened()), Heard(rows=3))
    trained.clear()
    assert outcome(Pet(), replace(given, checkpoints=opened()), Heard()) == expected
    assert trained == [4, 6]


@pytest.mark.parametrize("harm", ["cut", "torn", "emptied", "another"])
def test_a_damaged_checkpoint_is_trained_again(harm: str, trained: list[int],
                                               opened: Callable[[], FolderCheckpoints],
                                         tmp_path: Path, tiny: Callable[[str], Backbone]) -> None:
    given = problem(tiny("bert"))
    expected = outcome(Pet(), given, Heard())
    with pytest.raises(Cancelled):
        outcome(Pet(), replace(given, checkpoints=opened()), Heard(rows=5))
    first, second, *_ = sorted(tmp_path.glob("*/model-*"))
    whole = first.read_bytes()
    first.write_bytes({"cut": whole[:-100], "torn": whole[:-100] + bytes(100), "emptied": b"",
                       "another": next(tmp_path.glob("*/answers-*")).read_bytes()}[harm])
    trained.clear()
    again = opened()
    assert outcome(Pet(), replace(given, checkpoints=again), Heard()) == expected
    assert trained == [4, 6]
    assert second.is_file()


def test_a_full_disk_does_not_stop_a_run(tmp_path: Path, tiny: Callable[[str], Backbone]) -> None:
    given = problem(tiny("bert"))
    expected = outcome(Pet(), given, Heard())
    (tmp_path / "parts").write_text("in the way")
    for root, room in ((tmp_path / "small", 1.0), (tmp_path / "parts", 1e9)):
        without = FolderCheckpoints(root, "run", CPU, "session", room)
        assert outcome(Pet(), replace(given, checkpoints=without), Heard()) == expected
        assert without.notes()[0].startswith("Not all checkpoints of the run could be saved: ")


def test_answers_keep_their_precision(opened: Callable[[], FolderCheckpoints],
                                      tiny: Callable[[str], Backbone]) -> None:
    given = replace(problem(tiny("bert")), checkpoints=opened())
    with pytest.raises(Cancelled):
        outcome(Pet(), given, Heard(rows=5))
    saved = opened().restore("answers-4")
    assert saved is not None
    assert saved.arrays["answers"].shape == (4, len(POOL), 2)
    assert saved.arrays["answers"].dtype == np.float32
    assert saved.seconds > 0


def test_a_checkpoint_of_an_older_version_is_restored(
        opened: Callable[[], FolderCheckpoints]) -> None:
    """Its development score was called accuracy."""
    model, told = nn.Linear(2, 2), Heard()
    weights = {name: np.zeros(tuple(weight.shape), np.float32) for name,
               weight in model.named_parameters()}
    opened().save("model-1", Checkpoint(weights, {"trained": {"best_step": 4, "dev_accuracy": 0.75},
                                                  "points": [[4, 4, 0.5, 0.75]]}, 1.0))
    assert trained_once(opened(), "model-1", model, told, pytest.fail) == Trained(4, 0.75)
    assert told.curve == [(4, 0.5, 0.75)]
