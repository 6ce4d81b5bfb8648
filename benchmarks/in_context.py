"""In-context learning over 200 test examples, beside reading the demonstrations every time.

python -m benchmarks.in_context [--model mini-causal]
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence

import torch

from core.data.catalog import load_task
from core.data.files import DataLimits
from core.data.split import draw_split
from core.models.backbone import Backbone
from core.models.batches import collate
from core.models.encoding import Encoded, encode
from core.models.loading import load_backbone
from core.models.pieces import single_ids
from core.models.placement import Placement
from core.models.scoring import all_answer_logits
from core.prompts.demonstrations import with_demonstrations
from core.prompts.pvp import PVP


def seconds(do: Callable[[], object]) -> float:
    """How long `do` takes."""
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


@torch.inference_mode()
def plain_answers(
    encoded: Sequence[Encoded], columns: Sequence[int], backbone: Backbone
) -> torch.Tensor:
    """Label log-probabilities, `[N, C]`: batches of eight, all logits at every position."""
    answers = []
    for at in range(0, len(encoded), 8):
        batch = collate(encoded[at : at + 8], backbone)
        logits = backbone.model(
            input_ids=batch.ids, attention_mask=batch.attention, use_cache=False
        ).logits
        answers.append(logits[batch.rows, batch.columns][:, list(columns)])
    return torch.cat(answers).log_softmax(-1)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="mini-causal")
    options = parser.parse_args()
    task, backbone = (
        load_task("reviews", limits=DataLimits()),
        load_backbone(options.model, Placement.choose("cpu")),
    )
    pvp = PVP.of(
        "{text_a} It was {mask}.", {"negative": ["terrible"], "positive": ["great"]}, task.schema
    )
    asked, shown = task.test[:200], draw_split(task, 2, 13).train
    encoded = encode(
        [
            with_demonstrations(pvp.pattern, example, shown, pvp.verbalizer, before=True)
            for example in asked
        ],
        backbone,
    )
    columns = single_ids(pvp.verbalizer.all_words(), backbone)
    ways = {"plain": lambda: plain_answers(encoded, columns, backbone),
            "here": lambda: all_answer_logits(backbone, encoded, columns).log_softmax(-1)}
    torch.testing.assert_close(ways["plain"](), ways["here"](), atol=1e-3, rtol=1e-3)
    took = {name: seconds(way) for name, way in ways.items()}
    print(json.dumps({"tokens": sum(len(prompt.ids) for prompt in encoded) / len(encoded), **took,
                      "ratio": took["plain"] / took["here"]}, indent=2))


if __name__ == "__main__":
    main()
