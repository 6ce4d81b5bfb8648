"""Hypotheses shared by examples, a token a step, give what the model gives for each alone."""

import pytest
import torch
from tiny_models import save_model

from core.errors import ModelError
from core.models.backbone import Backbone
from core.models.loading import load_backbone
from core.models.placement import Placement
from core.models.scoring import project
from core.models.shared_decoder import SharedDecoder

EXAMPLES = ([5, 6, 7, 8, 9, 1], [5, 1], [11, 12, 13, 1])


@pytest.fixture(scope="module", params=["t5", "mt5", "umt5"])
def backbone(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Backbone:
    folder = save_model(request.param, tmp_path_factory.mktemp(request.param))
    return load_backbone(str(folder), Placement("cpu", "float32"))


def whole(backbone: Backbone, tokens: list[int]) -> torch.Tensor:
    """Logits of the next token for each example, from the whole model, one example at a time."""
    with torch.inference_mode():
        return torch.cat(
            [
                backbone.model(
                    input_ids=torch.tensor([example]), decoder_input_ids=torch.tensor([tokens])
                ).logits[:, -1]
                for example in EXAMPLES
            ]
        )


def test_every_hypothesis_is_continued_as_by_the_whole_model(backbone: Backbone) -> None:
    start = backbone.model.config.decoder_start_token_id
    decoder = SharedDecoder(backbone, EXAMPLES, at_once=2)
    hypotheses = [[start]]
    steps = [
        ([0], [start]),
        ([0, 0, 0], [5, 6, 7]),
        ([2, 0, 2, 0], [8, 9, 10, 8]),
        ([1, 1, 2], [5, 11, 12]),
        ([0], [13]),
    ]
    for number, (parents, tokens) in enumerate(steps):
        if number:
            hypotheses = [
                [*hypotheses[parent], token] for parent, token in zip(parents, tokens, strict=True)
            ]
        found = project(backbone, decoder.step(parents, tokens))
        assert found.shape[:2] == (len(hypotheses), len(EXAMPLES))
        for logits, tokens in zip(found, hypotheses, strict=True):
            torch.testing.assert_close(logits, whole(backbone, tokens), atol=1e-4, rtol=1e-4)
    assert [len(own[0][0]) for own in decoder._own] == [1] * len(
        decoder._own
    )  # of the first steps one is left


def test_other_families_are_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = save_model("bart", tmp_path_factory.mktemp("bart"))
    with pytest.raises(
        ModelError, match="of type 'bart'; patterns are written by models of the T5 family, such as"
    ):
        SharedDecoder(load_backbone(str(folder), Placement("cpu", "float32")), EXAMPLES)
