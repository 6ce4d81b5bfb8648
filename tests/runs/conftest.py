"""A task in CSV files, a tiny random BERT and a store in a temporary folder: real, but quick."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from core.data.catalog import load_task
from core.data.files import DataLimits
from core.runs.folder import DataFolder
from core.runs.queue import RunQueue
from core.runs.spec import RunSpec, StudySpec
from core.runs.store import RunStore
from core.settings import Settings

WORDS = ("the", "a", "film", "food", "was", "it", "so", "very", "and", "great", "terrible", "good",
         "bad", ".", "movie", "plot", "meal", "we", "they", "i")
PATTERN = {"pattern": "{text_a} It was {mask}.", "words": {"bad": ["terrible"], "good": ["great"]}}


def _rows(count: int, offset: int) -> str:
    tails = ("we", "they", "i", "so", "very", "the movie", "the plot", "a meal")
    rows = []
    for i in range(count):
        noun, quality = "film" if i % 2 else "food", "good" if i % 4 < 2 else "bad"
        more = " ".join(["and"] * (i // 32 + offset))
        rows.append((f"the {noun} was {quality} {tails[(i // 4 + offset) % 8]} {more}", quality))
    return "text,label\n" + "".join(f"{text},{label}\n" for text, label in rows)


@pytest.fixture(scope="session")
def task_source(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A two-label task as study files name it."""
    folder = tmp_path_factory.mktemp("task")
    (folder / "train.csv").write_text(_rows(64, 0), encoding="utf-8")
    (folder / "test.csv").write_text(_rows(16, 3), encoding="utf-8")
    return {
        "name": "dinner",
        "train": str(folder / "train.csv"),
        "test": str(folder / "test.csv"),
        "text_a": "text",
        "label": "label",
    }


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder with a random BERT of hidden width 32."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertForMaskedLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("model") / "tiny"
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    tokens = Tokenizer(
        models.WordPiece({word: i for i, word in enumerate(vocabulary)}, unk_token="[UNK]")
    )
    tokens.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokens.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokens.post_processor = processors.TemplateProcessing(
        "[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokens,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=64,
    ).save_pretrained(folder)
    torch.manual_seed(0)
    BertForMaskedLM(
        BertConfig(
            vocab_size=len(vocabulary),
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=64,
            max_position_embeddings=64,
        )
    ).save_pretrained(folder)
    return str(folder)


@pytest.fixture
def make_study(task_source: dict[str, Any], tiny_model: str) -> Callable[..., StudySpec]:
    """Makes studies of `lm-bff` runs on the tiny task and model."""

    def make(
        seeds: tuple[int, ...] = (13,), steps: int = 4, every: int = 2, **more: Any
    ) -> StudySpec:
        options = {"lm-bff": {"steps": steps, "evaluate_every": every, "batch_size": 2}}
        return StudySpec.from_dict(
            {
                "name": "tiny",
                "task": task_source,
                "model": tiny_model,
                "methods": ["lm-bff"],
                "patterns": [PATTERN],
                "shots": [4],
                "seeds": list(seeds),
                "options": options,
                **more,
            }
        )
    return make


@pytest.fixture
def ensemble(make_study: Callable[..., StudySpec]) -> Callable[..., StudySpec]:
    """Makes studies of one run of PET or iPET on the tiny task and model."""
    def make(method: str = "pet", seed: int = 13, patterns: int = 2, **options: Any) -> StudySpec:
        pairs = [
            {**PATTERN, "pattern": f"{{text_a}} {text} {{mask}}."}
            for text in ("It was", "a very", "so")
        ]
        few = {
            "steps": 4,
            "batch_size": 2,
            "repetitions": 1,
            "student_steps": 4,
            "evaluate_every": 2,
            "pool": 16,
        }
        growth = {"generations": 1, "factor": 1.5} if method == "ipet" else {}
        return make_study(methods=[method], patterns=pairs[:patterns], seeds=(seed,),
                          options={method: {**few, **growth, **options}})
    return make


@pytest.fixture(scope="session")
def runs_of(task_source: dict[str, Any]) -> Callable[[StudySpec], list[RunSpec]]:
    """The runs of a study."""
    task = load_task(task_source, limits=DataLimits(), allowed_hub=())
    return lambda study: study.runs(task)


@pytest.fixture
def settings(tmp_path: Path, tiny_model: str) -> Settings:
    """Settings on a temporary folder, with the tiny model as default."""
    return Settings(data_folder=tmp_path / "data", model=tiny_model, device="cpu")


@pytest.fixture
def data(settings: Settings) -> Iterator[DataFolder]:
    """An empty data folder."""
    opened = DataFolder(settings.data_folder)
    yield opened
    opened.close()


@pytest.fixture
def store(data: DataFolder) -> RunStore:
    """Its store."""
    return data.store


@pytest.fixture
def queue(data: DataFolder) -> RunQueue:
    """Its queue."""
    return data.queue


@pytest.fixture
def submit(store: RunStore, make_study: Callable[..., StudySpec],
           runs_of: Callable[[StudySpec], list[RunSpec]]) -> Callable[..., list[str]]:
    """Submits a study and gives the ids of its runs, in order."""
    def send(visitor: str = "ann", **study: Any) -> list[str]:
        made = make_study(**study)
        key = store.submit(made, runs_of(made), visitor)
        return [run.id for run in store.runs(visitor, key)]
    return send
