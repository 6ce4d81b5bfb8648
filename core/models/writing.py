"""Writing texts: greedy decoding, sampling and beam search, many sources at a time.

Equal sources are read and written once, rows that have ended leave the batch, and only the last
position is ever projected onto the vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from core.models.backbone import Backbone
from core.models.beams import write_with_beams
from core.models.decoding import Decoding, Rules, Watch, Written
from core.models.next_tokens import NextTokens
from core.models.prefix import Prefix
from core.randomness import rng


def write(backbone: Backbone, sources: Sequence[Sequence[int]], decoding: Decoding,
          prefix: Prefix | None = None, *, begun: Sequence[Sequence[int]] | None = None,
          watch: Watch | None = None) -> list[Written]:
    """Write a text after each of N sources, token ids.

    Args:
        prefix: one for all sources, or one for each.
        begun: tokens that each text begins with.
        watch: called after each token with the indices of rows that are being written and their
            tokens so far; raises to stop. Beam search gives the best hypothesis of each.

    Raises:
        ModelError: the model answers with NaN.
    """
    keys = [_key(index, source, prefix, begun) for index, source in enumerate(sources)]
    first: dict[Any, int] = {}
    for index, key in enumerate(keys):
        first.setdefault(key, index)
    chosen = sorted(first.values(), key=lambda index: len(sources[index]))
    found: dict[int, Written] = {}
    write_some = write_with_beams if decoding.beams > 1 else _write_step_by_step
    for group in _groups(chosen, sources, decoding, backbone):
        rows = torch.tensor(group, device=backbone.placement.device)
        own = None if prefix is None else prefix.of_rows(rows)
        given = [list(begun[index]) if begun else [] for index in group]
        told = _told(watch, group)
        with torch.inference_mode():
            texts = write_some(backbone, [sources[index] for index in group], decoding, own,
                               given, told)
        found.update(zip(group, texts, strict=True))
    return [found[first[key]] for key in keys]


def _key(index: int, source: Sequence[int], prefix: Prefix | None,
         begun: Sequence[Sequence[int]] | None) -> Any:
    own = index if prefix is not None and prefix.rows > 1 else -1
    return tuple(source), tuple(begun[index]) if begun else (), own


def _groups(chosen: Sequence[int], sources: Sequence[Sequence[int]], decoding: Decoding,
            backbone: Backbone) -> Iterator[list[int]]:
    """Indices of sources to write together: of similar length, and not too many tokens."""
    on_cpu = backbone.placement.device == "cpu"
    most = (2048 if on_cpu else 65_536) // decoding.beams
    group: list[int] = []
    for index in chosen:
        width = len(sources[index]) + decoding.max_tokens
        if group and ((len(group) + 1) * width > most or len(group) == 128):
            yield group
            group = []
        group.append(index)
    if group:
        yield group


def _told(watch: Watch | None, group: Sequence[int]) -> Watch:
    """`watch`, told of rows by their index among all sources."""
    def tell(rows: Sequence[int], texts: Sequence[Sequence[int]]) -> None:
        if watch is not None:
            watch([group[row] for row in rows], texts)
    return tell


def _write_step_by_step(backbone: Backbone, sources: Sequence[Sequence[int]], decoding: Decoding,
                        prefix: Prefix | None, begun: Sequence[Sequence[int]],
                        watch: Watch) -> list[Written]:
    """Greedy decoding or sampling of B texts."""
    rules = Rules(backbone, decoding)
    dice = [rng(decoding.seed, "sampling", *source) for source in sources]
    texts: list[list[int]] = [[] for _ in sources]
    scores, ended = [0.0] * len(sources), [False] * len(sources)
    rows = list(range(len(sources)))  # those that are still being written
    model = NextTokens(backbone, sources, prefix)
    while rows:
        log_probs = model.logits.log_softmax(-1)  # [R, V]
        allowed = rules.allowed(log_probs, len(texts[rows[0]]))
        forced = [_next(begun[row], texts[row]) for row in rows]
        tokens = _chosen(allowed, decoding, [dice[row] for row in rows], forced)  # [R]
        for place, (row, token) in enumerate(zip(rows, tokens.tolist(), strict=True)):
            scores[row] += float(log_probs[place, token])
            ended[row] = token in rules.ends and forced[place] is None
            texts[row] += rules.kept(token) if ended[row] else [token]
        watch(rows, [texts[row] for row in rows])
        going = [place for place, row in enumerate(rows)
                 if not ended[row] and len(texts[row]) < decoding.max_tokens]
        rows = [rows[place] for place in going]
        if rows:
            left = torch.tensor(going, device=tokens.device)
            model.step(tokens[left], left)
    return [Written(tuple(text), score, end)
            for text, score, end in zip(texts, scores, ended, strict=True)]


def _next(begun: Sequence[int], text: Sequence[int]) -> int | None:
    """The token that the text must go on with, if it is not written freely yet."""
    return begun[len(text)] if len(text) < len(begun) else None


def _chosen(log_probs: torch.Tensor, decoding: Decoding, dice: Sequence[np.random.Generator],
            forced: Sequence[int | None]) -> torch.Tensor:
    """The next token of each row, `[R]`: the most probable, a drawn one, or the forced one."""
    if decoding.temperature > 0:
        likely = _nucleus(log_probs / decoding.temperature, decoding.top_p)
        noise = np.stack([row.gumbel(size=log_probs.shape[1]) for row in dice])
        log_probs = likely + torch.from_numpy(noise).to(likely)
    tokens = log_probs.argmax(-1)
    for row, token in enumerate(forced):
        if token is not None:
            tokens[row] = token
    return tokens


def _nucleus(log_probs: torch.Tensor, top_p: float) -> torch.Tensor:
    """The same with -inf for all but the most probable tokens that together have `top_p`.

    Holtzman et al., The Curious Case of Neural Text Degeneration (arXiv 1904.09751), section 3.1.
    """
    log_probs = log_probs.log_softmax(-1)
    if top_p >= 1:
        return log_probs
    ordered, order = log_probs.sort(descending=True)
    before = ordered.exp().cumsum(-1) - ordered.exp()  # the probability of more probable ones
    outside = torch.zeros_like(ordered, dtype=torch.bool).scatter(1, order, before >= top_p)
    return log_probs.masked_fill(outside, -torch.inf)
