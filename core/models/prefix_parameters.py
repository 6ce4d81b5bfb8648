"""How the keys and values of a prefix are parametrised while they are trained.

Prefix-Tuning (arXiv 2101.00190), section 4.3, and the ablations of section 7.2. Each
parametrisation is a module whose call gives the prefix; its names of weights are those of the
published code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, cast

import torch
from torch import nn
from torch.nn import functional as F

from core.errors import SpecError
from core.models.backbone import Backbone
from core.models.prefix import Place, Prefix, Shape
from core.models.prefix_attention import read_prefix
from core.models.prefix_places import prefix_shapes

Parametrisation = Literal["mlp", "flat", "embedding", "infix"]
FIT_STEPS, FIT_RATE = 500, 1e-4  # of the fit to real words, in the published code


class PrefixParameters(nn.Module):
    """What is trained instead of the model: calling it gives the prefix."""

    def forward(self) -> Prefix:
        """The prefix of the present weights, with gradients."""
        raise NotImplementedError

    def start_from(self, wanted: Prefix, words: torch.Tensor) -> None:
        """Begin with the prefix of real words, whose embeddings are `[P, H]`."""
        raise NotImplementedError


class Mlp(nn.Module):
    """`embedding → linear1 → tanh → linear2`, `[P, H] → [P, out]` (equation 3)."""

    def __init__(self, length: int, width: int, middle: int, out: int) -> None:
        """P positions, each an embedding of H numbers."""
        super().__init__()
        self.embedding = nn.Embedding(length, width)
        self.linear1 = nn.Linear(width, middle)
        self.linear2 = nn.Linear(middle, out)

    def forward(self) -> torch.Tensor:
        """All rows, `[P, out]`; computed once, however many rows the batch has."""
        rows: torch.Tensor = self.linear2(torch.tanh(self.linear1(self.embedding.weight)))
        return rows


class MlpPrefix(PrefixParameters):
    """The paper's parametrisation: small embeddings through a wide network, one for each place."""

    def __init__(self, shapes: Mapping[Place, Shape], length: int, width: int, middle: int,
                 first: int = 0) -> None:
        """Shapes of the prefix, P, the model's width H, and that of the middle layer."""
        super().__init__()
        self._shapes, self._first = dict(shapes), first
        self.parts = nn.ModuleDict({place: Mlp(length, width, middle, shape.numbers)
                                    for place, shape in shapes.items()})

    def forward(self) -> Prefix:
        """The prefix of the present weights."""
        return _prefix(self._shapes, {place: part() for place, part in self.parts.items()},
                       self._first)

    def start_from(self, wanted: Prefix, words: torch.Tensor) -> None:  # noqa: ARG002
        """Fit the network to the words' keys and values: 500 steps of Adam, embeddings fixed."""
        for place, shape in self._shapes.items():
            fit(cast(Mlp, self.parts[place]), shape.rows(wanted.key_values[place]))


class FlatPrefix(PrefixParameters):
    """The keys and values themselves (section 7.3: sensitive to the learning rate)."""

    def __init__(self, shapes: Mapping[Place, Shape], length: int, first: int = 0) -> None:
        """Shapes of the prefix, and P."""
        super().__init__()
        self._shapes, self._first = dict(shapes), first
        self.parts = nn.ParameterDict({place: nn.Parameter(torch.randn(length, shape.numbers))
                                       for place, shape in shapes.items()})

    def forward(self) -> Prefix:
        """The prefix of the present weights."""
        return _prefix(self._shapes, dict(self.parts.items()), self._first)

    @torch.no_grad()
    def start_from(self, wanted: Prefix, words: torch.Tensor) -> None:  # noqa: ARG002
        """Begin with the words' keys and values."""
        for place, shape in self._shapes.items():
            self.parts[place].copy_(shape.rows(wanted.key_values[place]))


class EmbeddingPrefix(PrefixParameters):
    """Virtual tokens: only their embeddings are free; the model gives keys and values.

    Section 7.2, "embedding-only". With a middle layer the embeddings come from an MLP.
    """

    def __init__(self, backbone: Backbone, length: int, middle: int = 0) -> None:
        """P virtual tokens of a model; `middle` is the width of the MLP, 0 means none."""
        super().__init__()
        self._backbone = (backbone,)  # in a tuple it is no part of this module
        width = backbone.width
        self.part: Mlp | nn.Embedding = (Mlp(length, width, middle, width) if middle
                                         else nn.Embedding(length, width))

    def forward(self) -> Prefix:
        """The model's keys and values of the present embeddings."""
        rows = self.part.weight if isinstance(self.part, nn.Embedding) else self.part()
        return read_prefix(self._backbone[0], embeddings=rows)

    @torch.no_grad()
    def start_from(self, wanted: Prefix, words: torch.Tensor) -> None:  # noqa: ARG002
        """Begin with the words' embeddings; an MLP is fitted to them."""
        if isinstance(self.part, Mlp):
            with torch.enable_grad():
                fit(self.part, words.float())
            return
        self.part.weight.copy_(words)


class InfixParameters(PrefixParameters):
    """An infix: embeddings of its positions, and an MLP's change of their keys and values."""

    def __init__(self, shape: Shape, length: int, width: int, middle: int) -> None:
        """The shape of the decoder's keys, P, the model's width H, and that of the MLP."""
        super().__init__()
        self._shape = shape
        self.part = Mlp(length, width, middle, shape.numbers)
        self.placeholders = nn.Embedding(length, width)

    def forward(self) -> Prefix:
        """The infix of the present weights."""
        changes = self._shape.key_values(self.part())
        return Prefix({"decoder": changes}, placeholders=self.placeholders.weight)

    @torch.no_grad()
    def start_from(self, wanted: Prefix, words: torch.Tensor) -> None:  # noqa: ARG002
        """Begin with the words as placeholders, and change nothing yet."""
        self.placeholders.weight.copy_(words)
        self.part.linear2.weight.zero_()
        self.part.linear2.bias.zero_()


def new_parameters(backbone: Backbone, kind: Parametrisation, length: int, middle: int,
                   top_layers: int = 0) -> PrefixParameters:
    """Untrained parameters of a prefix of P positions.

    Args:
        middle: the width of the MLP's middle layer (512 in the paper, 800 for summaries).
        top_layers: only so many layers, those next to the answer, have a prefix; 0: all.

    Raises:
        SpecError: this type of model takes no prefixes.
    """
    shapes = prefix_shapes(backbone.model)
    layers = max(shape.layers for shape in shapes.values())
    first = max(0, layers - top_layers) if top_layers else 0
    shapes = {place: shape._replace(layers=shape.layers - first)
              for place, shape in shapes.items() if shape.layers > first}
    if kind == "mlp":
        return MlpPrefix(shapes, length, backbone.width, middle, first)
    if kind == "flat":
        return FlatPrefix(shapes, length, first)
    if kind == "infix":
        return _new_infix(backbone, shapes, length, middle, first)
    return EmbeddingPrefix(backbone, length)


def _new_infix(backbone: Backbone, shapes: Mapping[Place, Shape], length: int, middle: int,
               first: int) -> PrefixParameters:
    if backbone.family != "causal" or first:
        raise SpecError(
            "An infix stands between the source and the text of a causal model, in all its layers. "
            "Choose another parametrisation for {model!r}.", model=backbone.name)
    return InfixParameters(shapes["decoder"], length, backbone.width, middle)


def start_from_words(parameters: PrefixParameters, backbone: Backbone,
                     ids: Sequence[int]) -> None:
    """Begin with the keys and values of real tokens `[P]` (section 7.4: better with few examples).

    Raises:
        SpecError: this type of model takes no prefixes.
    """
    tokens = torch.tensor(list(ids), device=backbone.placement.device)
    words = backbone.model.get_input_embeddings()(tokens).detach()
    with torch.no_grad():
        wanted = read_prefix(backbone, ids)
    first = getattr(parameters, "_first", 0)
    kept = {place: part[2 * first:] for place, part in wanted.key_values.items()}
    parameters.start_from(Prefix(kept, first=first), words)


def fit(part: Mlp, wanted: torch.Tensor, steps: int = FIT_STEPS) -> float:
    """Fit an MLP's rows to `[P, out]` by mean squared error, embeddings fixed; return the error."""
    weights = [*part.linear1.parameters(), *part.linear2.parameters()]
    optimizer = torch.optim.Adam(weights, lr=FIT_RATE)
    for _ in range(steps):
        optimizer.zero_grad()
        F.mse_loss(part(), wanted).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    part.zero_grad()
    with torch.no_grad():
        return float(F.mse_loss(part(), wanted))


def _prefix(shapes: Mapping[Place, Shape], rows: Mapping[str, torch.Tensor],
            first: int) -> Prefix:
    return Prefix({place: shape.key_values(rows[place]) for place, shape in shapes.items()},
                  first=first)
