"""The tree of a beam search: which texts it followed, and where it gave others up."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from core.inspection.surfaces import surfaces
from core.models.backbone import Backbone
from core.models.beams import BeamSearch
from core.models.decoding import Rules

_GIVEN_UP = 6  # of the texts that were given up, the longest are shown


@dataclass(frozen=True)
class Node:
    """A stretch of text without a fork.

    Attributes:
        text: of its tokens.
        probability: of its tokens together, given those before them.
        ended: whether the text ends here by itself.
        rank: among the texts found, from 1, if one of them is complete here; else 0.
        score: that of the search for a text that is complete here; None elsewhere.
        children: how it goes on, the most probable first; none where it was given up.
    """

    text: str
    probability: float
    ended: bool = False
    rank: int = 0
    score: float | None = None
    children: tuple[Node, ...] = ()


@dataclass(frozen=True)
class BeamTree:
    """The tree of a search.

    Attributes:
        roots: how the texts begin.
        found: how many complete texts the search gives.
        hidden: how many others were given up and are not in the tree.
    """

    roots: tuple[Node, ...]
    found: int
    hidden: int


@dataclass
class _Place:
    """A branch with its own branches, while the tree is made."""

    token: int
    total: float
    ended: bool
    above: _Place | None
    below: list[_Place] = field(default_factory=list)
    rank: int = 0
    shown: bool = False

    def path(self) -> list[_Place]:
        """The branches down to this one."""
        found, place = [self], self.above
        while place is not None:
            found.append(place)
            place = place.above
        return found[::-1]


def tree_of(found: BeamSearch, backbone: Backbone) -> BeamTree:
    """The tree of a search that is over: its texts, and the longest of those given up."""
    rules = Rules(backbone, found.decoding)
    leaves = [place for place in _places(found) if not place.below]
    for leaf in leaves:
        leaf.rank = _rank(leaf, found, rules)
    complete = [leaf for leaf in leaves if leaf.rank]
    _show(complete)
    given_up = sorted((leaf for leaf in leaves if not leaf.rank), key=_apart, reverse=True)
    _show(given_up[:_GIVEN_UP])
    roots = {id(leaf.path()[0]): leaf.path()[0] for leaf in leaves}
    nodes = _nodes([place for place in roots.values() if place.shown], 0.0, found, backbone)
    return BeamTree(nodes, len(complete), max(0, len(given_up) - _GIVEN_UP))


def _places(found: BeamSearch) -> Iterator[_Place]:
    """All branches of a search, each below the one that it goes on from."""
    before: list[_Place] = []
    for step in found.steps:
        now = [_Place(branch.token, branch.total, branch.ended,
                      before[branch.parent] if before else None) for branch in step]
        for place in now:
            if place.above:
                place.above.below.append(place)
        before = [place for place in now if not place.ended]
        yield from now


def _rank(leaf: _Place, found: BeamSearch, rules: Rules) -> int:
    """The place of a leaf's text among those that were found, from 1; 0 if it is none of them."""
    ids = [place.token for place in leaf.path()]
    if leaf.ended:
        ids = [*ids[:-1], *rules.kept(leaf.token)]
    for rank, text in enumerate(found.finished, 1):
        if list(text.ids) == ids and text.ended == leaf.ended:
            return rank
    return 0


def _show(leaves: Iterable[_Place]) -> None:
    for leaf in leaves:
        for place in leaf.path():
            place.shown = True


def _apart(leaf: _Place) -> int:
    """How many tokens a leaf is away from what is shown already."""
    return sum(not place.shown for place in leaf.path())


def _nodes(places: Sequence[_Place], before: float, found: BeamSearch,
           backbone: Backbone) -> tuple[Node, ...]:
    """Nodes for branches that go on from the same text, whose log-probability is `before`."""
    ordered = sorted(places, key=lambda place: -place.total)
    return tuple(_node(place, before, found, backbone) for place in ordered)


def _node(place: _Place, before: float, found: BeamSearch, backbone: Backbone) -> Node:
    start = len(place.path()) - 1
    while len(below := [each for each in place.below if each.shown]) == 1:
        place = below[0]
    path = place.path()
    written = path[:-1] if place.ended else path
    pieces = surfaces([each.token for each in written], backbone, whole=not below)
    text = "".join(pieces[start:])
    score = found.finished[place.rank - 1].score if place.rank else None
    return Node(text, math.exp(place.total - before), place.ended, place.rank, score,
                _nodes(below, place.total, found, backbone))
