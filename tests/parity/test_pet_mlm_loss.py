"""PET's two losses, and their sum."""

import pytest
import torch
from torch.nn import functional as F

from core.learning.members import combined
from core.models.batches import Batch
from core.models.masking import masked_loss
from core.models.scoring import answer_logits, label_scores


def test_pet_mlm_loss(parity) -> None:
    for case, expected in parity.pairs("cases"):
        backbone = parity.backbone(case["model"]).trainable_copy()
        weight = dict(backbone.model.named_parameters())[case["gradient_parameter"]]
        words = [(at, each["token_id"]) for at, label in enumerate(case["labels_order"])
                 for each in case["verbalizer"][label]]
        asked, free = case["labelled"], case["unlabelled"]
        rows = torch.arange(len(asked["input_ids"]))
        batch = Batch(torch.tensor(asked["input_ids"]), torch.tensor(asked["attention_mask"]), rows,
                      torch.tensor(asked["mask_position"]))
        labels = torch.tensor(free["mlm_labels"])
        hidden = Batch(torch.tensor(free["input_ids"]), torch.tensor(free["attention_mask"]),
                       *(labels != -100).nonzero(as_tuple=True))
        for share, result in expected["combined_by_weight_on_ce"].items():
            logits = answer_logits(backbone, batch, torch.tensor([token for _, token in words]))
            scores = label_scores(logits, [label for label, _ in words], len(case["labels_order"]))
            assert scores.detach().numpy() == pytest.approx(
                torch.tensor(expected["class_logits"]).numpy(), abs=2e-4
            )
            answer = F.cross_entropy(scores, torch.tensor(asked["label_index"]))
            auxiliary = masked_loss(backbone, hidden, labels[labels != -100])
            assert answer.item() == pytest.approx(expected["ce"], abs=2e-4)
            assert auxiliary.item() == pytest.approx(expected["mlm"], abs=2e-4)
            loss = combined(answer, auxiliary, 1 - float(share))
            assert loss.item() == pytest.approx(result["loss"], abs=2e-4)
            gradient, = torch.autograd.grad(loss, [weight])
            assert gradient.norm().item() == pytest.approx(result["gradient_norm"], rel=1e-3)
