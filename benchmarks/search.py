"""Automatic search beside the plain procedure: label words, patterns, similar demonstrations.

    python -m benchmarks.search [--beam 100] [--sample 12]

The plain way: one combination of label words, or one word's likelihood ratio, at a time; one
hypothesis at a time, each with the encoder run anew, all 20 decoder places and the whole vocabulary
at each; one cosine at a time. Both ways must give the same. Of the plain beam search only
`--sample` hypotheses are timed, and the time of all is that of one times their number. Weights are
random, of the sizes that the project's small models have: the time does not depend on them, but the
beam then never ends early.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import resource
import time
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import torch
from transformers import T5Config, T5ForConditionalGeneration

from core.models.backbone import Backbone
from core.models.placement import Placement
from core.models.sentences import most_similar
from core.search import gap_patterns
from core.search.label_words import best_combinations, likely_words
from core.search.likelihood_ratio import best_words

T = TypeVar("T")
VOCABULARY, EXAMPLES, PLACES = 16_000, 32, 20
_SENTINELS = {f"<extra_id_{index}>": VOCABULARY - 1 - index for index in range(3)}


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """The result and the seconds it took."""
    began = time.perf_counter()
    return work(), time.perf_counter() - began


def label_words() -> dict[str, Any]:
    """Three labels of 60 words: 216,000 combinations."""
    draws = np.random.default_rng(0)
    logits, gold = draws.normal(size=(48, 5000)).astype(np.float32), np.arange(48) % 3
    words = likely_words(logits, gold, 3, 60, np.ones(5000, dtype=bool))
    found, ours = timed(lambda: best_combinations(logits, gold, words, 100, distinct=False))

    def one_by_one() -> list[float]:
        scores = [
            float((logits[:, combination].argmax(1) == gold).mean())
            for combination in itertools.product(*words)
        ]
        return sorted(scores, reverse=True)[:100]

    plain, theirs = timed(one_by_one)
    assert np.allclose([combination.score for combination in found.combinations], plain)
    return {
        "combinations": found.tried,
        "plain_seconds": theirs,
        "seconds": ours,
        "ratio": theirs / ours,
    }


def six_labels() -> dict[str, Any]:
    """Six labels of 100 words, which only a beam can search."""
    draws = np.random.default_rng(1)
    logits, gold = draws.normal(size=(96, 30_000)).astype(np.float32), np.arange(96) % 6
    words = likely_words(logits, gold, 6, 100, np.ones(30_000, dtype=bool))
    found, ours = timed(lambda: best_combinations(logits, gold, words, 100))
    return {"combinations": float(found.tried), "seconds": ours}


def likelihood_ratios() -> dict[str, Any]:
    """10,000 words for each of three labels, by 48 examples; ten of the likeliest 1,000 kept."""
    draws = np.random.default_rng(4)
    logits, gold = draws.normal(size=(48, 30_000)).astype(np.float32), (np.arange(48) % 3).tolist()
    words = np.sort(draws.permutation(30_000)[:10_000])
    found, ours = timed(lambda: best_words([logits], gold, 3, words, 10, distinct=False))

    def one_by_one() -> list[list[int]]:
        shares = np.exp(logits.astype(np.float64))
        shares /= shares.sum(1, keepdims=True)
        best = []
        for label in range(3):
            scored = []
            for word in words.tolist():
                likely = ratio = 0.0
                for share, answer in zip(shares[:, word].tolist(), gold, strict=True):
                    odds = math.log(share) - math.log(1 - share)
                    likely += math.log(share) if answer == label else 0
                    ratio += (
                        2 * odds if answer == label else -odds
                    )  # two other examples for each of its own
                scored.append((likely, ratio, word))
            kept = sorted(scored, reverse=True)[:1000]
            best.append([word for _, _, word in sorted(kept, key=lambda each: -each[1])[:10]])
        return best

    plain, theirs = timed(one_by_one)
    assert plain == [label.tokens.tolist() for label in found]
    return {"words": 10_000, "plain_seconds": theirs, "seconds": ours, "ratio": theirs / ours}


class _Tokenizer:
    """As much of a tokenizer as the search asks for."""

    eos_token_id, eos_token = 1, "</s>"

    def get_vocab(self) -> dict[str, int]:
        return {**_SENTINELS, ".": 5}


def _random_t5() -> Backbone:
    torch.manual_seed(0)
    config = T5Config(vocab_size=VOCABULARY, d_model=384, d_kv=64, d_ff=768, num_layers=4,
                      num_decoder_layers=4, num_heads=6, feed_forward_proj="gated-gelu",
                      decoder_start_token_id=0)
    model, tokenizer = T5ForConditionalGeneration(config).eval(), _Tokenizer()
    placement = Placement("cpu", "float32")
    return Backbone("random", "seq2seq", tokenizer, model, placement, 512)  # type: ignore[arg-type]


def written_patterns(beam: int, sample: int) -> dict[str, Any]:
    """The beam over 32 examples of about 40 tokens, with a model of `mini-seq2seq`'s size."""
    backbone = _random_t5()
    model: Any = backbone.model
    draws = np.random.default_rng(2)
    ids = [
        draws.integers(6, VOCABULARY - 100, draws.integers(25, 55)).tolist()
        for _ in range(EXAMPLES)
    ]
    found, ours = timed(lambda: gap_patterns.fill_gaps(backbone, ids, beam))
    rows = torch.nn.utils.rnn.pad_sequence(
        [torch.tensor(tokens) for tokens in ids], batch_first=True
    )
    hypotheses = 1 + (gap_patterns.MOST_STEPS - 1) * beam

    @torch.inference_mode()
    def one_hypothesis() -> torch.Tensor:
        shown = torch.zeros(EXAMPLES, PLACES, dtype=torch.long)
        tokens = torch.tensor(found[0].tokens)
        shown[:, 1 : len(tokens) + 1] = tokens
        logits: torch.Tensor = model(
            input_ids=rows, attention_mask=(rows != 0).long(), decoder_input_ids=shown
        ).logits
        return logits[:, : len(tokens)].log_softmax(-1)[:, torch.arange(len(tokens)), tokens].sum()

    plain, theirs = timed(lambda: [one_hypothesis() for _ in range(sample)])
    assert abs(float(plain[0]) - found[0].score) < 0.01 * abs(found[0].score)
    whole = theirs / sample * hypotheses
    return {
        "hypotheses": hypotheses,
        "plain_seconds": whole,
        "plain_timed": sample,
        "seconds": ours,
        "ratio": whole / ours,
    }


def demonstrations() -> dict[str, Any]:
    """The most similar half of 32 examples for each of 872 queries, vectors of 384 numbers."""
    draws = np.random.default_rng(3)
    queries, support = (
        vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        for vectors in (draws.normal(size=(size, 384)).astype(np.float32) for size in (872, 32))
    )
    labels = [at % 2 for at in range(32)]
    found, ours = timed(lambda: most_similar(queries, support, labels, 0.5))

    def one_by_one() -> list[list[int]]:
        kept = []
        for query in queries:
            cosines = [float(cos_sim(query, vector)) for vector in support]
            order, counts = sorted(range(32), key=lambda at: -cosines[at]), [0, 0]
            kept.append([])
            for at in order:
                if counts[labels[at]] < 8:
                    counts[labels[at]] += 1
                    kept[-1].append(at)
        return kept

    from sentence_transformers.util import cos_sim  # takes seconds to import

    plain, theirs = timed(
        lambda: [one_by_one() for _ in range(16)]
    )  # LM-BFF's code does it for each of 16 contexts
    assert plain[0] == [indices.tolist() for indices in found]
    return {"queries": 872, "plain_seconds": theirs, "seconds": ours, "ratio": theirs / ours}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--beam", type=int, default=100)
    parser.add_argument(
        "--sample", type=int, default=12, help="hypotheses of the plain beam search that are timed"
    )
    options = parser.parse_args()
    results = {
        "label_words": label_words(),
        "six_labels": six_labels(),
        "likelihood_ratios": likelihood_ratios(),
        "demonstrations": demonstrations(),
        "patterns": written_patterns(options.beam, options.sample),
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
    }
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
