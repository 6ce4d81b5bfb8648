"""Muon steps as torch's own does, with all matrices of a shape at once; the rest is AdamW's."""

import torch

from core.models.placement import Placement
from core.pretraining.optimizers import Muon, make_optimizers, orthogonal
from core.pretraining.recipe import read_recipe
from core.pretraining.start import start_model


def test_orthogonal_keeps_directions_and_evens_sizes() -> None:
    torch.manual_seed(0)
    for shape in ((3, 8, 20), (3, 20, 8), (1, 16, 16)):
        matrices = torch.randn(shape)
        left, _, right = torch.linalg.svd(matrices, full_matrices=False)
        inside = left.mT @ orthogonal(matrices) @ right.mT
        sizes = inside.diagonal(dim1=-2, dim2=-1)
        assert sizes.min() > 0.3
        assert sizes.max() < 1.3
        torch.testing.assert_close(inside, torch.diag_embed(sizes), atol=1e-3, rtol=0)


def test_muon_steps_as_torch_does() -> None:
    torch.manual_seed(0)
    ours = [torch.nn.Parameter(torch.randn(shape)) for shape in ((12, 30), (12, 30), (30, 12))]
    theirs = [torch.nn.Parameter(weight.detach().clone()) for weight in ours]
    one = Muon([{"params": ours, "lr": 0.02, "weight_decay": 0.1}])
    other = torch.optim.Muon(
        theirs, lr=0.02, weight_decay=0.1, momentum=0.95, adjust_lr_fn="match_rms_adamw"
    )
    for _ in range(3):
        for mine, its in zip(ours, theirs, strict=True):
            mine.grad = torch.randn(mine.shape)
            its.grad = mine.grad.clone()
        one.step()
        other.step()
    for mine, its in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, its, atol=2e-3, rtol=0)  # torch computes in bfloat16


def test_matrices_of_layers_get_muon_and_all_else_adamw(
    corpora, recipe_values, cpu: Placement, tmp_path
) -> None:
    recipe = read_recipe({**recipe_values, "optimizer": "muon"})
    backbone, new = start_model(recipe, corpora, tmp_path, cpu)
    muon, adamw = make_optimizers(backbone, new, recipe)
    names = {weight: name for name, weight in backbone.model.named_parameters()}
    held = [
        {names[weight] for group in optimizer.param_groups for weight in group["params"]}
        for optimizer in (muon, adamw)
    ]
    assert all(
        name.endswith(".weight") and "layer" in name and "Norm" not in name for name in held[0]
    )
    assert {
        "bert.embeddings.word_embeddings.weight",
        "cls.predictions.transform.dense.weight",
    } <= held[1]
    assert held[0] | held[1] == set(names.values())
    assert not held[0] & held[1]
    assert {group["peak"] for group in adamw.param_groups} == {3e-3}
