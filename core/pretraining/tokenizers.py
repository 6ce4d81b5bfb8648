"""Tokenizers made from a corpus: unigram pieces with sentinels for T5, byte pairs for GPT-2."""

from __future__ import annotations

from collections.abc import Iterable

from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from core.models.families import Family

SENTINELS = 100
_PAD, _END, _UNKNOWN = "<pad>", "</s>", "<unk>"
_END_OF_TEXT = "<|endoftext|>"


def make_tokenizer(family: Family, texts: Iterable[str], size: int,
                   length: int) -> PreTrainedTokenizerBase:
    """A T5 (seq2seq) or GPT-2 (causal) tokenizer of about `size` tokens; models read `length`."""
    return (_unigram if family == "seq2seq" else _byte_pairs)(texts, size, length)


def _unigram(texts: Iterable[str], size: int, length: int) -> PreTrainedTokenizerBase:
    """As T5's: `<pad>`, `</s>` and `<unk>` come first, sentinels last, in falling order."""
    tokenizer = Tokenizer(models.Unigram())
    spaces = normalizers.Replace("\n", " ")
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), spaces])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.train_from_iterator(texts, trainers.UnigramTrainer(
        vocab_size=size - SENTINELS, special_tokens=[_PAD, _END, _UNKNOWN], unk_token=_UNKNOWN,
        show_progress=False))
    sentinels = [f"<extra_id_{index}>" for index in reversed(range(SENTINELS))]
    tokenizer.add_special_tokens(sentinels)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {_END}", pair=f"$A {_END} $B {_END}",
        special_tokens=[(_END, tokenizer.token_to_id(_END))])
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer, pad_token=_PAD, eos_token=_END, unk_token=_UNKNOWN,
        extra_special_tokens=sentinels, model_max_length=length)


def _byte_pairs(texts: Iterable[str], size: int, length: int) -> PreTrainedTokenizerBase:
    """As GPT-2's: bytes, so that nothing is unknown, and one token that ends a text."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=size, special_tokens=[_END_OF_TEXT], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer, eos_token=_END_OF_TEXT, bos_token=_END_OF_TEXT,
        unk_token=_END_OF_TEXT, model_max_length=length)
