"""One text as the model writes it: each token with its probability and with others in its place.

Only the writing itself is done token by token. The probabilities of all tokens, and the most
probable others, come from a single pass over source and text.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch

from core.data.task import Example
from core.errors import PatternError
from core.inspection.beam_tree import BeamTree, tree_of
from core.inspection.memory import keep, recall
from core.inspection.question import Question
from core.inspection.surfaces import added, surfaces
from core.models.backbone import Backbone
from core.models.beams import BeamSearch
from core.models.decoding import Decoding, Written, end_tokens, text_of
from core.models.encoding import Encoded
from core.models.scoring import project
from core.models.source_target import encode_sources, target_features
from core.models.stream import stream
from core.prompts.pattern import Prompt

ALTERNATIVES = 5  # that are given of each token


@dataclass(frozen=True)
class Alternative:
    """A token that could stand in a place of the text.

    Attributes:
        id: in the vocabulary.
        text: with the space before it.
        probability: given the source and the tokens before it.
        ends: whether it ends the text.
    """

    id: int
    text: str
    probability: float
    ends: bool = False


@dataclass(frozen=True)
class Token:
    """A token of the text.

    Attributes:
        id: in the vocabulary; -1 for the end of the text.
        text: with the space before it; empty where a character goes on in the next token.
        probability: None while the text is being written.
        alternatives: the most probable tokens in its place, the best first.
    """

    id: int
    text: str
    probability: float | None = None
    alternatives: tuple[Alternative, ...] = ()


@dataclass(frozen=True)
class TextView:
    """A text as the model writes it.

    Attributes:
        prompt: what the model is asked, in segments.
        source: the pieces that the model reads.
        origins: the segment of each piece.
        shortened: how many tokens were cut from the example's texts to fit.
        output: the text.
        tokens: of the text.
        end: what stands after the last token, if the text ended by itself.
        done: whether it is written.
        ended: whether it ended by itself, and not because it may have no more tokens.
        tree: of the search that found it, with several beams.
    """

    prompt: Prompt
    source: list[str]
    origins: list[int]
    shortened: int
    output: str = ""
    tokens: tuple[Token, ...] = ()
    end: Token | None = None
    done: bool = False
    ended: bool = False
    tree: BeamTree | None = None

    @property
    def ids(self) -> tuple[int, ...]:
        """The token ids of the text."""
        return tuple(token.id for token in self.tokens)

    @property
    def log_prob(self) -> float | None:
        """The log-probability of the text and of its end; None while it is being written."""
        whole = [*self.tokens, *([self.end] if self.end else [])]
        known = [token.probability for token in whole if token.probability is not None]
        if len(known) < len(whole):
            return None
        return sum(math.log(max(probability, 1e-30)) for probability in known)

    @property
    def mean_log_prob(self) -> float | None:
        """The same for each token."""
        count = len(self.tokens) + (self.end is not None)
        return None if self.log_prob is None else self.log_prob / max(1, count)


def look_at_text(question: Question, example: Example, backbone: Backbone, decoding: Decoding, *,
                 begun: Sequence[int] = ()) -> TextView:
    """Let the model write a text for one example.

    Args:
        begun: tokens that the text begins with.

    Raises:
        InputError: the question is not sound, or the pattern does not fit into the model.
    """
    *_, last = stream_text(question, example, backbone, decoding, begun=begun)
    return last


def stream_text(question: Question, example: Example, backbone: Backbone, decoding: Decoding, *,
                begun: Sequence[int] = ()) -> Iterator[TextView]:
    """The same while it is written: what there is so far, and at last with all probabilities.

    Writing ends at the next token when the caller closes the iterator.
    """
    prompt, encoded = read_source(question, example, backbone, decoding)
    pieces = list(backbone.tokenizer.convert_ids_to_tokens(encoded.ids))
    view = TextView(prompt, pieces, encoded.origins, encoded.shortened)
    key = ("text", backbone.name, id(backbone), tuple(encoded.ids), decoding, tuple(begun))
    found = recall(key)
    if not isinstance(found, Written | BeamSearch):
        for found in stream(backbone, encoded.ids, decoding, begun=begun):
            if not isinstance(found, Written | BeamSearch):
                tokens = _plain_tokens(found, backbone)
                yield replace(view, output=text_of(found, backbone), tokens=tokens)
        keep(key, found)
    if isinstance(found, BeamSearch):
        view = replace(view, tree=tree_of(found, backbone))
        found = found.finished[0]
    assert isinstance(found, Written)
    yield _with_probabilities(view, encoded.ids, found, backbone, decoding)


def read_source(question: Question, example: Example, backbone: Backbone,
                decoding: Decoding) -> tuple[Prompt, Encoded]:
    """What the model is asked about an example, and its token ids.

    Raises:
        InputError: the question is not sound, or the pattern does not fit into the model.
    """
    question.check()
    if question.pattern is None:
        raise PatternError("There is no pattern.")
    prompt = question.pattern.render(example)
    return prompt, encode_sources([prompt], backbone, decoding.max_tokens)[0]


def _plain_tokens(ids: Sequence[int], backbone: Backbone) -> tuple[Token, ...]:
    return tuple(map(Token, ids, surfaces(ids, backbone)))


@torch.inference_mode()
def _with_probabilities(view: TextView, source: Sequence[int], written: Written,
                        backbone: Backbone, decoding: Decoding) -> TextView:
    """The view with a finished text: each token's probability and the most probable others."""
    ids = [*written.ids, 0]  # the last is never read; its place is what comes after the text
    features = target_features(backbone, [source], [ids])  # [M + 1, H]
    probabilities = project(backbone, features).softmax(-1).cpu()  # [M + 1, V]
    ends = end_tokens(backbone, one_line=decoding.one_line)
    choices = _alternatives(probabilities, written.ids, ends, backbone)
    own = [float(row[token]) for row, token in zip(probabilities, written.ids, strict=False)]
    tokens = tuple(map(Token, written.ids, surfaces(written.ids, backbone), own, choices))
    end = None
    if written.ended:
        known = [token for token in ends if token < probabilities.shape[1]]
        end = Token(-1, "", float(probabilities[-1, known].sum()), choices[-1])
    return replace(view, output=text_of(written, backbone), tokens=tokens, end=end, done=True,
                   ended=written.ended)


def _alternatives(probabilities: torch.Tensor, ids: Sequence[int], ends: frozenset[int],
                  backbone: Backbone) -> list[tuple[Alternative, ...]]:
    """The most probable tokens of each place, from probabilities `[M, V]`."""
    best = probabilities.topk(min(ALTERNATIVES, probabilities.shape[1]), -1)
    before = [[], *([token] for token in ids)]  # what a piece's space depends on
    pairs = [[*start, token] for start, row in zip(before, best.indices.tolist(), strict=True)
             for token in row]
    starts = [start for start, row in zip(before, best.indices.tolist(), strict=True)
              for _ in row]
    texts = iter(added(starts, pairs, backbone))
    return [tuple(Alternative(token, next(texts), share, token in ends)
                  for token, share in zip(row, shares, strict=True))
            for row, shares in zip(best.indices.tolist(), best.values.tolist(), strict=True)]
