"""PET's merging of several models' logits, their soft labels, and the student's loss."""

import numpy as np
import pytest
import torch

from core.learning.merging import distillation_loss, merge, soft_labels


def test_pet_merge(parity) -> None:
    for case, results in parity.pairs("cases"):
        for way, weights in (("wmean", case["weights"]), ("mean", None)):
            expected = results[way].get("suggested_value", results[way])
            merged = merge(np.array(case["logits"]), weights)
            assert merged == pytest.approx(np.array(expected["merged_logits"]), abs=1e-6)
            if "distillation_loss" not in expected:
                continue
            assert soft_labels(merged, 2) == pytest.approx(
                np.array(expected["soft_labels_T2"]), abs=1e-6
            )
            for name, loss in expected["distillation_loss"].items():
                temperature = float(name[1:])
                student = torch.tensor(
                    case["student_logits"], dtype=torch.float64, requires_grad=True
                )
                found = distillation_loss(
                    student, torch.from_numpy(soft_labels(merged, temperature)), temperature
                )
                assert found.item() == pytest.approx(loss, abs=1e-6)
                if temperature == 2:
                    found.backward()
                    assert student.grad.numpy() == pytest.approx(
                        np.array(expected["distillation_grad_T2"]), abs=1e-6
                    )
