"""The store: what visitors and workers may do, who sees what, and that nothing is lost."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from core.errors import DataError, LimitError, SpecError
from core.runs.attempt import Outcome
from core.runs.execution import RunResult
from core.runs.failures import Failure, failure_of
from core.runs.folder import DataFolder
from core.runs.queue import MAX_CRASHES, RunQueue
from core.runs.run import Run
from core.runs.spec import RunSpec, StudySpec
from core.runs.store import RunStore

Submit = Callable[..., list[str]]
RESULT = RunResult(
    {"accuracy": 0.75},
    ("bad", "good"),
    [[3, 1], [1, 3]],
    pd.DataFrame({"gold": ["bad", "good"]}),
    2.0,
)


def claimed(queue: RunQueue, **which: str) -> Run:
    run = queue.claim(**which)
    assert run is not None
    return run


def statuses(store: RunStore, visitor: str = "ann") -> list[str]:
    return [run.status for run in store.runs(visitor)]


def test_a_run_from_submission_to_result(store: RunStore, queue: RunQueue, submit: Submit) -> None:
    (key,) = submit()
    run = claimed(queue)
    assert (run.id, run.status, run.attempt, run.active) == (key, "running", 1, True)
    queue.progress(run, 2, 4, [(1, 0.9, None), (2, 0.8, 0.5)])
    queue.finish(run, RESULT, [(2, 0.8, 0.5), (4, 0.7, 0.75)], ["A note."])
    found = store.run(key, "ann")
    assert (found.status, found.step, found.total, found.metrics) == (
        "done",
        4,
        4,
        {"accuracy": 0.75},
    )
    assert (found.labels, found.confusion, found.seconds) == (
        ("bad", "good"),
        [[3, 1], [1, 3]],
        2.0,
    )
    assert store.curve(key, "ann") == [(1, 0.9, None), (2, 0.8, 0.5), (4, 0.7, 0.75)]
    assert [line.split(" ", 1)[1] for line in store.log(key, "ann")] == [
        "Submitted.",
        "A note.",
        "Done in 2.0 s.",
    ]
    assert list(store.predictions(key, "ann")["gold"]) == ["bad", "good"]


def test_what_a_search_found_is_kept_whatever_becomes_of_it(
    store: RunStore, queue: RunQueue, submit: Submit
) -> None:
    (key,) = submit()
    run = claimed(queue)
    first, second = (
        [{"pattern": "a", "score": 0.5}],
        [{"pattern": "b", "score": 0.7}, {"pattern": "a", "score": 0.5}],
    )
    assert store.found(key, "ann") == []
    queue.progress(run, 1, 4, [], first)
    queue.progress(run, 2, 4, [(2, 0.5, None)])
    assert store.found(key, "ann") == first
    assert store.found(key, "bob") == []
    queue.settle(run, Outcome(found=second))
    assert store.run(key, "ann").status == "cancelled"
    assert store.found(key, "ann") == second


def test_an_equal_run_has_the_same_candidates(
    store: RunStore, queue: RunQueue, submit: Submit
) -> None:
    (key,) = submit()
    run = claimed(queue)
    (other,) = submit("bob")
    queue.settle(run, Outcome(RESULT, found=[{"pattern": "a", "score": 0.5}]))
    assert store.found(other, "bob") == store.found(key, "ann") == [{"pattern": "a", "score": 0.5}]


def test_a_store_opened_again_knows_everything(
    store: RunStore, queue: RunQueue, submit: Submit
) -> None:
    (key,) = submit()
    queue.finish(claimed(queue), RESULT)
    again = DataFolder(store.folder)
    assert again.store.run(key, "ann") == store.run(key, "ann")
    assert [study.name for study in again.store.studies("ann")] == ["tiny"]
    again.close()


def test_records_are_plain_values(store: RunStore, submit: Submit) -> None:
    submit(seeds=(1, 2))
    record, _ = store.records("ann")
    assert (
        record.task,
        record.method,
        record.pattern,
        record.words,
        record.shots,
        record.seed,
        record.status,
    ) == ("dinner", "lm-bff", "{text_a} It was {mask}.", "bad=terrible;good=great", 4, 1, "queued")
    assert record.options["steps"] == 4


@pytest.mark.parametrize("visitor", ["bob", "*", "%", "", "ann' OR '1'='1"])
def test_others_see_nothing(store: RunStore, queue: RunQueue, submit: Submit, visitor: str) -> None:
    (key,) = submit("ann")
    queue.finish(claimed(queue), RESULT)
    assert (store.runs(visitor), store.studies(visitor), store.records(visitor)) == ([], [], [])
    assert (store.curve(key, visitor), store.log(key, visitor)) == ([], [])
    study = store.studies("ann")[0].id
    for ask in (
        lambda: store.run(key, visitor),
        lambda: store.cancel(key, visitor),
        lambda: store.retry(key, visitor),
        lambda: store.predictions(key, visitor),
        lambda: store.model_folder(key, visitor),
        lambda: store.delete_study(study, visitor),
        lambda: store.study(study, visitor),
    ):
        with pytest.raises(SpecError, match=r"There is no (run|study)"):
            ask()
    assert statuses(store) == ["done"]


def test_the_visitor_served_longest_ago_comes_first(queue: RunQueue, submit: Submit) -> None:
    submit("ann", seeds=(1, 2, 3))
    submit("bob", seeds=(4, 5))
    assert [claimed(queue).visitor for _ in range(5)] == ["ann", "bob", "ann", "bob", "ann"]
    assert queue.claim() is None


def test_only_one_of_many_threads_gets_a_run(
    store: RunStore, queue: RunQueue, submit: Submit
) -> None:
    submit(seeds=tuple(range(12)))
    other = DataFolder(store.folder)
    got: list[Run | None] = []
    threads = [
        threading.Thread(target=lambda source=source: got.extend(source.claim() for _ in range(3)))
        for source in (queue, other.queue) * 4
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = [run.id for run in got if run is not None]
    assert sorted(ids) == sorted({run.id for run in store.runs("ann")})
    other.close()


def test_readers_read_while_a_writer_writes(
    store: RunStore, queue: RunQueue, submit: Submit
) -> None:
    (key,) = submit()
    run = claimed(queue)
    seen: list[int] = []

    def read() -> None:
        while not seen or seen[-1] < 200:
            seen.append(len(store.curve(key, "ann")))

    readers = [threading.Thread(target=read) for _ in range(8)]
    for reader in readers:
        reader.start()
    for step in range(1, 201):
        queue.progress(run, step, 200, [(step, 1.0, None)])
    for reader in readers:
        reader.join()
    assert store.run(key, "ann").step == 200


def test_an_equal_run_is_answered_from_the_first(
    store: RunStore, queue: RunQueue, submit: Submit
) -> None:
    (first,) = submit("ann")
    queue.finish(claimed(queue), RESULT, [(1, 0.5, None)])
    (second,) = submit("bob")
    copy = store.run(second, "bob")
    assert (copy.status, copy.metrics, copy.copied_from) == ("done", {"accuracy": 0.75}, first)
    assert store.curve(second, "bob") == [(1, 0.5, None)]
    assert list(store.predictions(second, "bob")["gold"]) == ["bad", "good"]
    assert "An equal run has been done already" in store.log(second, "bob")[-1]
    assert queue.claim() is None


def test_an_equal_run_waits_for_the_one_that_runs(
    store: RunStore, queue: RunQueue, submit: Submit
) -> None:
    submit("ann")
    (second,) = submit("bob")
    run = claimed(queue)
    assert queue.claim() is None
    queue.finish(run, RESULT)
    assert store.run(second, "bob").status == "done"


def test_an_equal_run_goes_on_if_the_first_fails(queue: RunQueue, submit: Submit) -> None:
    submit("ann")
    (second,) = submit("bob")
    queue.fail(claimed(queue), Failure("bug", "It broke."))
    assert claimed(queue).id == second


def test_a_repeated_run_without_a_change_is_done_anew(
    store: RunStore, queue: RunQueue, submit: Submit
) -> None:
    (key,) = submit()
    queue.finish(claimed(queue), RESULT)
    again = store.retry(key, "ann")
    assert store.run(again, "ann").status == "queued"
    assert claimed(queue).spec == store.run(key, "ann").spec


def test_a_repeated_run_may_be_changed(store: RunStore, submit: Submit) -> None:
    (key,) = submit()
    new = store.run(
        store.retry(key, "ann", {"shots": 8, "seed": 7, "options": {"steps": 6}, "test_limit": 5}),
        "ann",
    )
    assert (new.spec.shots, new.spec.seed, new.spec.options["steps"], new.spec.test_limit) == (
        8,
        7,
        6,
        5,
    )
    assert new.spec.options["batch_size"] == 2
    assert new.study == store.run(key, "ann").study


@pytest.mark.parametrize(
    "change",
    [
        {"model": "x"},
        {"shots": "8"},
        {"seed": -1},
        {"seed": True},
        {"options": [1]},
        {"options": {"speed": 9}},
        {"options": {"steps": 0}},
        {"test_limit": 0},
    ],
)
def test_a_change_that_cannot_be_is_refused(
    store: RunStore, submit: Submit, change: dict[str, object]
) -> None:
    (key,) = submit()
    with pytest.raises(SpecError):
        store.retry(key, "ann", change)
    assert len(store.runs("ann")) == 1


def test_cancelling(store: RunStore, queue: RunQueue, submit: Submit) -> None:
    first, second = submit(seeds=(1, 2))
    run = claimed(queue)
    store.cancel(first, "ann")
    store.cancel(second, "ann")
    assert statuses(store) == ["running", "cancelled"]
    assert store.run(first, "ann").stopping
    assert queue.stop_requests() == {first}
    queue.settle(run, Outcome(points=((1, 0.5, None),)))
    assert statuses(store) == ["cancelled", "cancelled"]
    assert store.curve(first, "ann") == [(1, 0.5, None)]


def test_failures_say_what_to_do(store: RunStore, queue: RunQueue, submit: Submit) -> None:
    (key,) = submit()
    run = claimed(queue)
    queue.settle(
        run, Outcome(failure=failure_of(DataError("No {column!r} here.", column="label"), run.spec))
    )
    failed = store.run(key, "ann")
    assert (failed.status, failed.reason, failed.error_values) == (
        "failed",
        "data",
        {"column": "label"},
    )
    assert failed.explanation(lambda template: f"Nein: {template}") == "Nein: No 'label' here."
    assert failed.record().error == "No 'label' here."


def test_a_killed_run_is_tried_once_more(store: RunStore, queue: RunQueue, submit: Submit) -> None:
    (key,) = submit()
    queue.killed(claimed(queue))
    assert store.run(key, "ann").status == "queued"
    queue.killed(claimed(queue))
    failed = store.run(key, "ann")
    assert (failed.status, failed.reason, failed.attempt) == ("failed", "killed", 2)
    assert "smaller" in failed.explanation()


def test_a_run_that_had_not_begun_is_not_blamed_for_its_worker(store: RunStore, queue: RunQueue,
                                                               submit: Submit) -> None:
    submit()
    for _ in range(MAX_CRASHES - 1):
        queue.killed(claimed(queue), began=False)
    assert statuses(store) == ["queued"]
    queue.killed(claimed(queue), began=False)
    assert statuses(store) == ["failed"]


def test_starts_that_were_given_back_do_not_count(
    store: RunStore, queue: RunQueue, submit: Submit
) -> None:
    submit()
    for _ in range(2 * MAX_CRASHES):
        queue.release(claimed(queue))
    queue.killed(claimed(queue))
    assert statuses(store) == ["queued"]


def test_an_old_ticket_writes_nothing(store: RunStore, queue: RunQueue, submit: Submit) -> None:
    (key,) = submit()
    old = claimed(queue)
    queue.release(old)
    new = claimed(queue)
    queue.progress(old, 3, 4, [(3, 1.0, None)])
    queue.finish(old, RESULT)
    queue.fail(old, Failure("bug", "It broke."))
    assert (store.run(key, "ann").status, store.run(key, "ann").step, store.curve(key, "ann")) == (
        "running",
        0,
        [],
    )
    assert list((store.folder / "predictions").iterdir()) == []
    queue.finish(new, RESULT)
    assert store.run(key, "ann").status == "done"


def test_what_a_dead_process_was_doing_waits_again(
    store: RunStore, queue: RunQueue, submit: Submit
) -> None:
    (key,) = submit()
    dead = DataFolder(store.folder)
    claimed(dead.queue)
    queue.recover()
    assert statuses(store) == ["running"]  # its process is alive
    dead.close()
    queue.recover()
    assert statuses(store) == ["queued"]
    assert claimed(queue).attempt == 2
    assert "tried again" in store.log(key, "ann")[-1]


def test_a_run_that_takes_every_process_with_it_fails_in_the_end(store: RunStore, queue: RunQueue,
                                                                 submit: Submit) -> None:
    submit()
    for _ in range(MAX_CRASHES):
        dead = DataFolder(store.folder)
        claimed(dead.queue)
        dead.close()
        queue.recover()
    (run,) = store.runs("ann")
    assert (run.status, run.reason) == ("failed", "killed")


def test_reserved_runs_are_interrupted_with_their_process(
    store: RunStore,
    queue: RunQueue,
    make_study: Callable[..., StudySpec],
    runs_of: Callable[[StudySpec], list[RunSpec]],
) -> None:
    study = make_study(seeds=(1, 2))
    command = DataFolder(store.folder)
    command.store.submit(study, runs_of(study), "ann", reserved=True)
    assert queue.claim() is None
    claimed(command.queue)
    command.close()
    queue.recover()
    assert statuses(store) == ["interrupted", "interrupted"]
    assert "Run it again" in store.runs("ann")[0].explanation()


def test_half_written_files_of_dead_processes_go(
    store: RunStore, queue: RunQueue, submit: Submit
) -> None:
    (key,) = submit()
    dead = DataFolder(store.folder)
    for folder in ("predictions", "models"):
        (store.folder / folder / f".{key}.{dead.queue.session}").write_text("half")
        (store.folder / folder / f".{key}.{queue.session}").write_text("going on")
    (store.folder / "models" / "unknown").mkdir()
    dead.close()
    queue.recover()
    left = [
        path.name
        for folder in ("predictions", "models")
        for path in (store.folder / folder).iterdir()
    ]
    assert left == [f".{key}.{queue.session}"] * 2


def test_models_make_room_for_newer_ones(store: RunStore, queue: RunQueue, submit: Submit) -> None:
    keys = submit(seeds=(1, 2, 3))
    small = DataFolder(store.folder, keep_models_gb=250e-9)
    for age, key in zip((300, 200, 100), keys, strict=True):
        run = claimed(small.queue)
        folder = small.path / "models" / run.id
        folder.mkdir()
        (folder / "weights").write_bytes(bytes(100))
        os.utime(folder, (folder.stat().st_mtime - age,) * 2)
        with small.store.reading_model(keys[0], "ann") as read:
            small.queue.finish(run, RESULT)
            assert read == small.path / "models" / keys[0]  # stays while it is read
        assert key == run.id
    assert [small.store.model_folder(key, "ann") is not None for key in keys] == [True, False, True]
    small.close()


def test_limits_of_a_host(store: RunStore, submit: Submit, make_study: Callable[..., StudySpec],
                          runs_of: Callable[[StudySpec], list[RunSpec]]) -> None:
    strict = DataFolder(store.folder, max_runs_per_visitor=2, max_steps=10)
    for study, told in (
        (make_study(seeds=(1, 2, 3)), "3 more runs"),
        (make_study(steps=11), "11 steps"),
    ):
        with pytest.raises(LimitError, match=told):
            strict.store.submit(study, runs_of(study), "ann")
    (key,) = submit()
    with pytest.raises(LimitError):
        strict.store.retry(key, "ann", {"options": {"steps": 11}})
    assert len(store.runs("ann")) == 1
    strict.close()


def test_a_visitor_without_an_id_is_refused(submit: Submit) -> None:
    with pytest.raises(SpecError, match="Reload"):
        submit("")


def test_a_study_is_submitted_whole_or_not_at_all(
    store: RunStore,
    make_study: Callable[..., StudySpec],
    runs_of: Callable[[StudySpec], list[RunSpec]],
) -> None:
    study = make_study(seeds=(1, 2))
    good, other = runs_of(study)
    with pytest.raises(SpecError):
        store.submit(study, [good, replace(other, method="none")], "ann")
    assert (store.studies("ann"), store.runs("ann")) == ([], [])


def test_deleting_a_study(store: RunStore, queue: RunQueue, submit: Submit) -> None:
    (key,) = submit()
    run = claimed(queue)
    study = store.studies("ann")[0].id
    with pytest.raises(SpecError, match="Cancel it first"):
        store.delete_study(study, "ann")
    queue.finish(run, RESULT)
    (copy,) = submit("bob")
    store.delete_study(study, "ann")
    assert (store.runs("ann"), store.studies("ann"), store.log(key, "ann")) == ([], [], [])
    assert len(store.predictions(copy, "bob")) == 2
    assert [path.stem for path in (store.folder / "predictions").iterdir()] == [copy]


def test_the_pace_of_runs_is_remembered(
    store: RunStore, queue: RunQueue, submit: Submit, tiny_model: str
) -> None:
    submit()
    run = claimed(queue)
    queue.progress(run, 4, 4, [])
    queue.finish(run, RESULT)
    submit("bob")  # a copied result says nothing new
    assert store.seconds_taken("lm-bff", tiny_model) == [0.5]
    assert store.seconds_taken("lm-bff", "other") == []


def test_time_left_is_judged_by_the_pace() -> None:
    spec: Any = None
    run = Run("r", "s", "ann", spec, "running", created=0.0, started=0.0, step=50, total=100)
    assert run.seconds_left is not None
    assert run.seconds_left > 1e9
    assert replace(run, step=0).seconds_left is None
    assert replace(run, status="done").seconds_left is None


def test_a_damaged_store_is_moved_aside(tmp_path: Path) -> None:
    (tmp_path / "cloze-lab.sqlite").write_bytes(b"no database at all" * 500)
    data = DataFolder(tmp_path)
    assert data.damaged is not None
    assert data.damaged.read_bytes().startswith(b"no database")
    assert data.store.runs("ann") == []
    data.close()


def test_a_store_with_torn_pages_is_moved_aside(data: DataFolder, submit: Submit) -> None:
    submit(seeds=tuple(range(60)))
    data.close()
    path = data.path / "cloze-lab.sqlite"
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(bytes(range(256)) * 64)
    again = DataFolder(data.path)
    assert again.damaged is not None
    assert again.store.runs("ann") == []
    again.close()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SpecError, match="CLOZE_LAB_DATA") as caught:
        DataFolder(tmp_path / "file" / "data")
    assert str(tmp_path / "file" / "data") in str(caught.value)


def test_a_full_disk_is_told_and_loses_nothing(
    store: RunStore, queue: RunQueue, submit: Submit
) -> None:
    (key,) = submit()
    run = claimed(queue)
    pages = store._database.read("PRAGMA page_count")[0][0]
    store._database.read(f"PRAGMA max_page_count = {pages}")
    points = [(step, 1.0, None) for step in range(50_000)]
    with pytest.raises(LimitError, match="Free some space"):
        queue.finish(run, RESULT, points)
    store._database.read("PRAGMA max_page_count = 1000000")
    queue.finish(run, RESULT, points)
    assert store.run(key, "ann").status == "done"


def test_faults_of_ours_are_not_blamed_on_the_disk(store: RunStore) -> None:
    with pytest.raises(sqlite3.IntegrityError), store._database.write() as database:
        database.execute("INSERT INTO events (run, time, text) VALUES ('no run', 0, '')")
