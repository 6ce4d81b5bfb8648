"""Prefixes: keys and values of positions that hold no token (arXiv 2101.00190, section 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

import torch
from torch.nn import functional as F

Place = Literal["encoder", "decoder", "cross"]


class Shape(NamedTuple):
    """The keys of one place: how many layers L, heads h, and the width d of a head."""

    layers: int
    heads: int
    width: int

    @property
    def numbers(self) -> int:
        """How many numbers one position of a prefix has: keys and values of all layers."""
        return 2 * self.layers * self.heads * self.width

    def key_values(self, rows: torch.Tensor) -> torch.Tensor:
        """Rows `[P, 2L·h·d]` as keys and values `[2L, 1, h, P, d]`.

        The key of layer 0 comes first, then its value, then the key of layer 1.
        """
        parts = rows.reshape(len(rows), 2 * self.layers, self.heads, self.width)
        return parts.permute(1, 2, 0, 3)[:, None]

    def rows(self, key_values: torch.Tensor) -> torch.Tensor:
        """The inverse of `key_values`."""
        return key_values[:, 0].permute(2, 0, 1, 3).flatten(1)


@dataclass(frozen=True)
class Prefix:
    """One prefix for all rows of a batch, or one for each.

    Attributes:
        key_values: of each place, `[2L, R, h, P, d]`, where R is 1 or the rows of the batch.
        seen: false where a row's prefix is shorter than the longest and padded on the left,
            `[R, P]`; None where nothing is padded.
        first: the first layer that has a prefix; L counts the layers from it on.
        placeholders: the embeddings of its positions, `[P, H]`, if it stands between source and
            text (`core.models.infix`): its numbers are then added to the model's own.
    """

    key_values: Mapping[Place, torch.Tensor] = field(repr=False)
    seen: torch.Tensor | None = field(default=None, repr=False)
    first: int = 0
    placeholders: torch.Tensor | None = field(default=None, repr=False)

    @property
    def length(self) -> int:
        """P, the positions of the longest row."""
        return next(iter(self.key_values.values())).shape[3]

    @property
    def rows(self) -> int:
        """R, how many rows have a prefix of their own; 1 serves all."""
        return next(iter(self.key_values.values())).shape[1]

    @property
    def lengths(self) -> torch.Tensor:
        """How many positions each row has, `[R]`."""
        some = next(iter(self.key_values.values()))
        if self.seen is None:
            return torch.full((some.shape[1],), self.length, device=some.device)
        return self.seen.sum(1)

    @property
    def size(self) -> int:
        """How many numbers are stored for one row."""
        own = 0 if self.placeholders is None else self.placeholders.numel()
        return own + sum(part[:, 0].numel() for part in self.key_values.values())

    def of_rows(self, rows: torch.Tensor) -> Prefix:
        """The prefixes of these rows, `[B]`, in this order; one for all rows stays as it is."""
        if self.rows == 1:
            return self
        chosen = {place: part[:, rows] for place, part in self.key_values.items()}
        return replace(self, key_values=chosen,
                       seen=None if self.seen is None else self.seen[rows])

    def to(self, device: str) -> Prefix:
        """The same on a device."""
        moved = {place: part.to(device) for place, part in self.key_values.items()}
        return replace(
            self, key_values=moved, seen=None if self.seen is None else self.seen.to(device),
            placeholders=None if self.placeholders is None else self.placeholders.to(device))

    def detached(self) -> Prefix:
        """The same values, with no gradients."""
        free = None if self.placeholders is None else self.placeholders.detach()
        return replace(self, placeholders=free, key_values={
            place: part.detach() for place, part in self.key_values.items()})


active: ContextVar[Prefix | None] = ContextVar("active", default=None)
"""The prefix that models see now, in this thread; set by `core.models.prefix_attention`."""


def stack(prefixes: Sequence[Prefix]) -> Prefix:
    """Prefixes of the same places and layers as rows of one, shorter ones padded on the left."""
    longest = max(prefix.length for prefix in prefixes)
    joined = {place: torch.cat([_padded(prefix.key_values[place], longest) for prefix in prefixes],
                               1) for place in prefixes[0].key_values}
    first = prefixes[0].first
    if all(prefix.length == longest and prefix.seen is None for prefix in prefixes):
        return Prefix(joined, first=first)
    device = next(iter(joined.values())).device
    places = torch.arange(longest, device=device)
    lengths = torch.cat([prefix.lengths for prefix in prefixes])  # [R]
    return Prefix(joined, places >= longest - lengths[:, None], first)


def _padded(key_values: torch.Tensor, length: int) -> torch.Tensor:
    """The same with zeros before it, so that it has `length` positions."""
    return F.pad(key_values, (0, 0, length - key_values.shape[3], 0))
