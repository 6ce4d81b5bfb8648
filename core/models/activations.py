"""The activation of GPT-2 and T5 in one pass over memory."""

from __future__ import annotations

from torch import nn
from transformers.activations import NewGELUActivation


def fuse_gelu(model: nn.Module) -> int:
    """Replace `gelu_new`, which takes eight steps, by torch's own tanh form of GELU.

    Both compute the same (arXiv 1606.08415, section 2). Changes the model in place, not its
    configuration; returns how many activations were replaced.
    """
    found = [
        (parent, name)
        for parent in model.modules()
        for name, child in parent.named_children()
        if isinstance(child, NewGELUActivation)
    ]
    for parent, name in found:
        setattr(parent, name, nn.GELU(approximate="tanh"))
    return len(found)
