"""The task mixture: T5's formats from tables, drawn by weight; what cannot be read is refused."""

from collections import Counter
from pathlib import Path

import pytest
import torch
from tiny_models import save_model

from core.errors import DataError, SpecError
from core.models.backbone import Backbone
from core.models.loading import load_backbone
from core.models.placement import Placement
from core.pretraining.recipe import Recipe, read_recipe
from core.pretraining.tasks import Tasks, pair_answers
from core.pretraining.training import Pretraining

TABLES = {
    "sst2.csv": "text_a,label\nthe film is great,positive\nthe story was terrible,negative\n",
    "boolq.csv": "text_a,text_b,label\nThe park is great.,is the park great,yes\n",
    "stsb.csv": "text_a,text_b,score\nthe dog,a dog,4.3\n",
    "cola.csv": "text_a,label\nDog the is,not acceptable\n",
    "squad.csv": 'question,context,target\nWhere?,"In the park, it is.","park, it"\n',
    "short.csv": "source,target\nA story and a story,A story\n",
}
TASKS = [{"format": form, "file": file} for form, file in (
    ("sst2", "sst2.csv"), ("boolq", "boolq.csv"), ("stsb", "stsb.csv"), ("cola", "cola.csv"),
    ("question", "squad.csv"), ("summarize", "short.csv"), ("describe", "short.csv"))]


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> Backbone:
    return load_backbone(
        str(save_model("t5", tmp_path_factory.mktemp("t5"))), Placement("cpu", "float32")
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name, content in TABLES.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path


def _recipe(tasks: list[dict], **more: object) -> Recipe:
    return read_recipe(
        {
            "name": "x",
            "objective": "spans",
            "model": {"type": "t5"},
            "corpora": "a.txt",
            "length": 64,
            "tasks": tasks,
            **more,
        }
    )


def joined(tasks: Tasks, step: int) -> tuple[torch.Tensor, torch.Tensor]:
    """All pieces of a step together."""
    pieces = list(tasks.answers(step))
    return torch.cat([logits for logits, _ in pieces]), torch.cat([gold for _, gold in pieces])


def test_examples_are_drawn_by_weight_and_equally_each_time(backbone: Backbone, data: Path) -> None:
    weighted = [{**task, "weight": 3 if task["format"] == "stsb" else 1} for task in TASKS]
    tasks = Tasks(_recipe(weighted, task_examples=64), data, backbone)
    logits, gold = joined(tasks, 5)
    assert logits.shape == (len(gold), backbone.model.config.vocab_size)
    assert int((gold == backbone.tokenizer.eos_token_id).sum()) == 64  # every answer ends once
    again, _ = joined(tasks, 5)
    assert torch.equal(logits, again)
    firsts = Counter(tuple(part[0][1]) for part in tasks.parts)
    assert len(firsts) >= 5


def test_padding_changes_nothing(backbone: Backbone, data: Path) -> None:
    pairs = [pair for part in Tasks(_recipe(TASKS), data, backbone).parts for pair in part]
    backbone.model.train(False)
    with torch.inference_mode():
        together, gold = pair_answers(backbone, pairs)
        alone = [pair_answers(backbone, [pair]) for pair in pairs]
    torch.testing.assert_close(
        together, torch.cat([logits for logits, _ in alone]), atol=1e-4, rtol=1e-4
    )
    assert torch.equal(gold, torch.cat([tokens for _, tokens in alone]))


def test_tasks_are_learned_beside_texts(corpora: Path, recipe_values, cpu: Placement, data: Path,
                                        tmp_path: Path) -> None:
    config = {
        "type": "t5",
        "d_model": 32,
        "d_kv": 8,
        "d_ff": 64,
        "num_layers": 2,
        "num_heads": 4,
        "dropout_rate": 0,
    }
    recipe = read_recipe(
        {
            **recipe_values,
            "objective": "spans",
            "start": "",
            "model": config,
            "vocabulary": 400,
            "tasks": TASKS,
            "tasks_from": 0.25,
            "task_share": 0.8,
            "task_examples": 16,
            "optimizer": "muon",
            "learning_rate": 0.01,
            "head_learning_rate": 0.03,
        }
    )
    training = Pretraining(recipe, corpora, tmp_path / "out", cpu, data)
    lessons = [training._trains_on_tasks() for training.step in range(recipe.steps)]
    assert not any(lessons[:10])
    assert sum(lessons[10:]) >= 18
    training.step = 0
    with torch.inference_mode():
        before = torch.nn.functional.cross_entropy(*joined(training.tasks, 0))
    training.train(lambda news: None)
    with torch.inference_mode():
        after = torch.nn.functional.cross_entropy(*joined(training.tasks, 0))
    assert after < before - 1


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ({"format": "sst2", "file": "none.csv"}, "no file 'none.csv' of a task"),
        (
            {"format": "boolq", "file": "sst2.csv"},
            "'sst2.csv' has no column 'text_b', which the format 'boolq' needs",
        ),
        ({"format": "stsb", "file": "boolq.csv"}, "no column 'score'"),
        ({"format": "sst2", "file": "sst2.csv", "without": {"origin": "x"}}, "no column 'origin'"),
    ],
)
def test_tables_that_do_not_fit_are_refused(
    task: dict, message: str, backbone: Backbone, data: Path
) -> None:
    with pytest.raises(DataError, match=message):
        Tasks(_recipe([task]), data, backbone)


def test_a_score_that_is_no_number_is_refused(backbone: Backbone, data: Path) -> None:
    (data / "bad.csv").write_text(
        "text_a,text_b,score\na b,c d,4.0\ne f,g h,high\n", encoding="utf-8"
    )
    with pytest.raises(DataError, match=r"'bad.csv', row 2: 'high' is no score"):
        Tasks(_recipe([{"format": "stsb", "file": "bad.csv"}]), data, backbone)


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ({"format": "none", "file": "a.csv"}, "no format 'none'.*stsb"),
        ({"file": "a.csv"}, "each entry is"),
        ({"format": "sst2", "file": "a.csv", "weight": 0}, "weight up to 100"),
        ("sst2", "each entry is"),
    ],
)
def test_bad_tasks_are_refused(task: object, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        _recipe([task])  # type: ignore[list-item]


def test_only_text_to_text_models_are_taught_tasks() -> None:
    with pytest.raises(SpecError, match="only the objective 'spans' teaches them, not 'next'"):
        _recipe(TASKS, objective="next", model={"type": "gpt2"})


def test_rows_may_be_left_out(backbone: Backbone, data: Path) -> None:
    every = Tasks(_recipe([{"format": "sst2", "file": "sst2.csv"}]), data, backbone).parts[0]
    task = {"format": "sst2", "file": "sst2.csv", "without": {"label": "positive"}}
    kept = Tasks(_recipe([task]), data, backbone).parts[0]
    said = {backbone.tokenizer.decode(answer, skip_special_tokens=True) for _, answer in kept}
    assert 0 < len(kept) < len(every)
    assert len({tuple(answer) for _, answer in every}) == 2
    assert len({tuple(answer) for _, answer in kept}) == 1
    assert "positive" not in said
    with pytest.raises(SpecError, match="each entry is"):
        _recipe([{**task, "without": ["label"]}])
