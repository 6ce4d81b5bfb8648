"""T5's multi-task mixture: examples of tasks in its text-to-text formats.

(arXiv 1910.10683, sections 2.4 and 3.5.2)
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from core.data.files import DataLimits, Table, read_table
from core.errors import DataError
from core.models.backbone import Backbone
from core.models.pieces import plain_ids
from core.pretraining.objectives import Answers
from core.pretraining.recipe import Recipe, TaskSource
from core.prompts.text_to_text import FORMS, TextToText
from core.randomness import rng

Pair = tuple[list[int], list[int]]  # token ids of the text and of the answer
_LIMITS = DataLimits(rows=1_000_000)
_ANSWER_TOKENS = 64
_AT_ONCE = 16  # examples; those of similar length go together


class Tasks:
    """The examples of a recipe's tasks, tokenised once and drawn by weight with replacement."""

    def __init__(self, recipe: Recipe, folder: Path, backbone: Backbone) -> None:
        """Read files in `folder`; raise DataError if one is missing, broken or lacks a column."""
        self.backbone, self.recipe = backbone, recipe
        self.parts = [_pairs(source, folder, backbone, recipe.length) for source in recipe.tasks]

    def answers(self, step: int) -> Iterator[Answers]:
        """Logits and right tokens of a step's examples, in pieces of similar length."""
        drawn = sorted(self._drawn(step), key=lambda pair: (len(pair[0]), len(pair[1])))
        for start in range(0, len(drawn), _AT_ONCE):
            yield pair_answers(self.backbone, drawn[start : start + _AT_ONCE])

    def _drawn(self, step: int) -> list[Pair]:
        draws = rng(self.recipe.seed, "tasks", step)
        weighted = zip(self.parts, self.recipe.tasks, strict=True)
        sizes = [len(part) * source.weight for part, source in weighted]
        parts = draws.choice(len(sizes), self.recipe.task_examples, p=np.array(sizes) / sum(sizes))
        return [self.parts[part][draws.integers(len(self.parts[part]))] for part in parts]


def pair_answers(backbone: Backbone, pairs: list[Pair]) -> Answers:
    """Logits, `[M, V]`, and right tokens, `[M]`, of the M tokens of B answers.

    Each is predicted from those before it.
    """
    model, config = backbone.model, backbone.model.config
    device = backbone.placement.device
    texts, answers = zip(*pairs, strict=True)
    ids = _padded(texts, config.pad_token_id).to(device)  # [B, T]
    gold = _padded(answers, config.pad_token_id).to(device)  # [B, S]
    lengths = torch.tensor([len(answer) for answer in answers], device=device)
    asked = torch.arange(gold.shape[1], device=device) < lengths[:, None]  # [B, S]
    shown = F.pad(gold[:, :-1], (1, 0), value=config.decoder_start_token_id)  # [B, S]
    with backbone.placement.autocast():
        logits = model(input_ids=ids, attention_mask=(ids != config.pad_token_id).long(),
                       decoder_input_ids=shown, use_cache=False).logits  # [B, S, V]
    return logits[asked].float(), gold[asked]


def _padded(rows: tuple[list[int], ...], pad: int) -> torch.Tensor:
    tensors = [torch.tensor(row) for row in rows]
    return torch.nn.utils.rnn.pad_sequence(tensors, batch_first=True, padding_value=pad)


def _pairs(source: TaskSource, folder: Path, backbone: Backbone, length: int) -> list[Pair]:
    """The token ids of a table's examples, texts cut to `length`."""
    written = _written_pairs(source, _table(source, folder))
    texts = plain_ids([text for text, _ in written], backbone)
    answers = plain_ids([answer for _, answer in written], backbone)
    end = backbone.tokenizer.eos_token_id
    return [
        ([*text[: length - 1], end], [*answer[: _ANSWER_TOKENS - 1], end])
        for text, answer in zip(texts, answers, strict=True)
    ]


def _written_pairs(source: TaskSource, table: Table) -> list[tuple[str, str]]:
    """Text and answer of each row that is not left out, in the task's format."""
    form = FORMS[source.format]
    needed = (*form.columns, *source.without)
    missing = [column for column in needed if column not in table.columns]
    if missing:
        raise DataError("{name!r} has no column {column!r}, which the format {form!r} needs.",
                        name=source.file, column=missing[0], form=source.format)
    return [
        _pair(form, [row[column] for column in form.columns], number, source)
        for number, row in enumerate(table.rows, 1)
        if not any(row[column] == value for column, value in source.without.items())
    ]


def _pair(form: TextToText, cells: list[str], number: int, source: TaskSource) -> tuple[str, str]:
    try:
        return form.pair(*cells)
    except ValueError as error:
        raise DataError("{name!r}, row {row}: {value!r} is no score; the format {form!r} needs "
                        "numbers.", name=source.file, row=number, value=cells[-1][:60],
                        form=source.format) from error


def _table(source: TaskSource, folder: Path) -> Table:
    path = folder / source.file
    if not path.is_file():
        raise DataError("There is no file {name!r} of a task. Check its name and the folder of "
                        "the data.", name=source.file)
    return read_table(path, _LIMITS)
