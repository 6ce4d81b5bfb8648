"""Tiny random models of every supported type, saved in the hub's layout."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable
from pathlib import Path

import torch
import transformers
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
)
from transformers import AutoConfig, PreTrainedTokenizerFast

from core.models.families import family_of_type

WORDS = (
    "a",
    "and",
    "bread",
    "dog",
    "film",
    "great",
    "in",
    "is",
    "it",
    "It",
    "no",
    "park",
    "story",
    "terrible",
    "the",
    "The",
    "was",
    "yes",
)  # whole in every vocabulary, the rest is spelled; T5's pieces may also stand inside words
LETTERS, PUNCTUATION = string.ascii_letters, ".,:;?!<>/"
BERT = {"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"}
ROBERTA = {"cls": "<s>", "pad": "<pad>", "sep": "</s>", "unk": "<unk>", "mask": "<mask>"}
BART = {**ROBERTA, "bos": "<s>", "eos": "</s>"}
T5 = {"pad": "<pad>", "eos": "</s>", "unk": "<unk>"}
LLAMA = {"unk": "<unk>", "bos": "<s>", "eos": "</s>"}
GPT = {"eos": "<|endoftext|>"}
SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 130,
}
GROUPED = {**SIZES, "num_key_value_heads": 2, "head_dim": 8}
DECODER = {
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 48,
    "decoder_ffn_dim": 48,
    "max_position_embeddings": 130,
}
ENCODER_DECODER = {"d_model": 32, "d_kv": 6, "d_ff": 48, "num_layers": 2, "num_heads": 4}


def wordpiece(special: dict[str, str]) -> Tokenizer:
    """Lower-case word pieces, as BERT has them."""
    pieces = [
        *special.values(),
        *PUNCTUATION,
        *LETTERS.lower(),
        *(f"##{letter}" for letter in LETTERS.lower()),
        *WORDS,
    ]
    tokenizer = Tokenizer(models.WordPiece(_numbered(pieces), unk_token=special["unk"]))
    tokenizer.normalizer, tokenizer.pre_tokenizer = (
        normalizers.BertNormalizer(),
        pre_tokenizers.BertPreTokenizer(),
    )
    return tokenizer


def byte_level(special: dict[str, str]) -> Tokenizer:
    """Byte-level pairs, as GPT-2 and RoBERTa have them."""
    pieces = [*special.values(), *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = _pairs(pieces, "Ġ", special.get("unk"))
    tokenizer.pre_tokenizer, tokenizer.decoder = (
        pre_tokenizers.ByteLevel(add_prefix_space=False),
        decoders.ByteLevel(),
    )
    return tokenizer


def metaspace(special: dict[str, str]) -> Tokenizer:
    """SentencePiece's unigrams, as T5, ALBERT and XLM-RoBERTa have them."""
    sentinels = [f"<extra_id_{index}>" for index in range(9)] if special is T5 else []
    pieces = [(token, 0.0) for token in (*special.values(), *sentinels)]
    pieces += [(letter, -9.0) for letter in "▁" + PUNCTUATION + LETTERS]
    pieces += [
        (start + word, -3.0) for word in WORDS for start in ("▁", "") if len(start + word) > 1
    ]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=[*special].index("unk")))
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    return tokenizer


def split_metaspace(special: dict[str, str]) -> Tokenizer:
    """The same as transformers builds them: words first, each with a blank; masks eat blanks."""
    tokenizer = metaspace(special)
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    if "mask" in special:
        tokenizer.add_special_tokens([AddedToken(special["mask"], lstrip=True)])
    start, end = special.get("cls", ""), special.get("sep") or special["eos"]
    _enclose(f"{start} $A {end}", special, tokenizer)
    return tokenizer


def spaced_sentinels(special: dict[str, str]) -> Tokenizer:
    """The same with T5's sentinels as mT5's vocabulary spells them."""
    numbers = metaspace(special).get_vocab()
    pieces = sorted(numbers, key=numbers.__getitem__)
    scores = [("▁" * piece.startswith("<extra") + piece, -1.0) for piece in pieces]
    tokenizer = Tokenizer(models.Unigram(scores, unk_id=[*special].index("unk")))
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    return tokenizer


def byte_fallback(special: dict[str, str], scheme: str = "first") -> Tokenizer:
    """SentencePiece's pairs with bytes for unknown letters, as `legacy: false` Llamas have them."""
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    pieces = [*special.values(), *bytes_, *"▁", *PUNCTUATION, *LETTERS, *string.digits, "▁▁"]
    tokenizer = _pairs(pieces, "▁", special["unk"], [("▁", "▁")])
    tokenizer.model.byte_fallback = tokenizer.model.fuse_unk = True
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme, split=False)
    _enclose(f"{special['bos']} $A", special, tokenizer)
    return tokenizer


def regex_bytes(special: dict[str, str]) -> Tokenizer:
    """Byte-level pairs in words that a regular expression finds, as Llama 3 and Qwen have them."""
    pieces = [*special.values(), *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = _pairs(pieces, "Ġ", special.get("unk"), [(".", "Ċ"), ("Ċ", "Ċ")])
    words = Regex(r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
                  r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(words, "isolated"),
         pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def prepended(special: dict[str, str]) -> Tokenizer:
    """SentencePiece's pairs, blanks put in by the normaliser, a text's start marked (Llama 2)."""
    tokenizer = _pairs([*special.values(), *"▁\n", *PUNCTUATION, *LETTERS], "▁", special["unk"])
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    _enclose(f"{special['bos']} $A", special, tokenizer)
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return tokenizer


def _enclose(text: str, special: dict[str, str], tokenizer: Tokenizer) -> None:
    """Put special tokens around every text, `$A`."""
    tokenizer.post_processor = processors.TemplateProcessing(
        single=text.strip(),
        special_tokens=[(token, tokenizer.token_to_id(token)) for token in special.values()])


def _numbered(pieces: Iterable[str]) -> dict[str, int]:
    return {piece: index for index, piece in enumerate(dict.fromkeys(pieces))}


def _pairs(pieces: list[str], start: str, unknown: str | None,
           further: Iterable[tuple[str, str]] = ()) -> Tokenizer:
    """Byte-pair encoding whose merges spell out `start` and each word, letter by letter."""
    merges = list(dict.fromkeys((*further, *(
        (start + word[:length], word[length]) for word in WORDS for length in range(len(word))))))
    return Tokenizer(
        models.BPE(_numbered([*pieces, *map("".join, merges)]), merges, unk_token=unknown)
    )


Build = Callable[[dict[str, str]], Tokenizer]
Recipe = tuple[Build, dict[str, str], dict[str, object]]
RECIPES: dict[str, Recipe] = {
    "bert": (wordpiece, BERT, SIZES),
    "roberta": (byte_level, ROBERTA, {**SIZES, "type_vocab_size": 1}),
    "xlm-roberta": (metaspace, ROBERTA, {**SIZES, "type_vocab_size": 1}),
    "camembert": (metaspace, ROBERTA, {**SIZES, "type_vocab_size": 1}),
    "albert": (metaspace, BERT, {**SIZES, "embedding_size": 16}),
    "deberta": (
        byte_level,
        BERT,
        {**SIZES, "relative_attention": True, "pos_att_type": ["c2p", "p2c"]},
    ),
    "deberta-v2": (
        metaspace,
        BERT,
        {**SIZES, "relative_attention": True, "pos_att_type": ["c2p", "p2c"]},
    ),
    "distilbert": (wordpiece, BERT, {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 48}),
    "electra": (wordpiece, BERT, {**SIZES, "embedding_size": 16}),
    "mpnet": (wordpiece, ROBERTA, SIZES),
    "modernbert": (byte_level, BERT, {**SIZES, "reference_compile": False}),
    "t5": (metaspace, T5, ENCODER_DECODER),
    "mt5": (metaspace, T5, {**ENCODER_DECODER, "tie_word_embeddings": False}),
    "umt5": (metaspace, T5, ENCODER_DECODER),
    "bart": (byte_level, BART, DECODER),
    "mbart": (metaspace, BART, DECODER),
    "gpt2": (byte_level, GPT, {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 128}),
    "gpt_neo": (
        byte_level,
        GPT,
        {
            "hidden_size": 32,
            "num_layers": 2,
            "num_heads": 4,
            "intermediate_size": 48,
            "attention_types": [[["global", "local"], 1]],
            "max_position_embeddings": 128,
        },
    ),
    "gptj": (
        byte_level,
        GPT,
        {"n_embd": 32, "n_layer": 2, "n_head": 4, "rotary_dim": 4, "n_positions": 128},
    ),
    "gpt_neox": (byte_level, GPT, SIZES),
    "opt": (
        byte_level,
        GPT,
        {
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "ffn_dim": 48,
            "word_embed_proj_dim": 16,
            "max_position_embeddings": 128,
        },
    ),
    "llama": (prepended, LLAMA, {**SIZES, "num_key_value_heads": 2}),
    "qwen2": (byte_level, GPT, {**SIZES, "num_key_value_heads": 2}),
    "qwen3": (byte_level, GPT, {**SIZES, "num_key_value_heads": 2, "head_dim": 8}),
    "mistral": (byte_level, GPT, GROUPED),
    "gemma2": (byte_level, GPT, {**GROUPED, "sliding_window": 16}),
    "gemma3_text": (byte_level, GPT, {**GROUPED, "sliding_window": 16}),
    "phi3": (byte_level, {**GPT, "pad": "<pad>"}, {**SIZES, "num_key_value_heads": 2}),
    "qwen3_moe": (byte_level, GPT, {**GROUPED, "num_experts": 4, "num_experts_per_tok": 2,
                                    "moe_intermediate_size": 16}),
    "cohere": (byte_level, GPT, {**SIZES, "num_key_value_heads": 2, "logit_scale": 0.7}),
    "granite": (byte_level, GPT, {**SIZES, "num_key_value_heads": 2, "logits_scaling": 4.0}),
    "bloom": (byte_level, GPT, {"hidden_size": 32, "n_layer": 2, "n_head": 4}),
    "mamba": (byte_level, GPT, {"hidden_size": 32, "num_hidden_layers": 2, "state_size": 8}),
    "eurobert": (byte_level, BERT, {**SIZES, "num_key_value_heads": 4}),
    "nomic_bert": (wordpiece, BERT, SIZES),
    "megatron-bert": (wordpiece, BERT, SIZES),
    "roformer": (wordpiece, BERT, SIZES),
    "data2vec-text": (byte_level, ROBERTA, {**SIZES, "type_vocab_size": 1}),
    "longt5": (metaspace, T5, ENCODER_DECODER),
    "led": (byte_level, BART, DECODER),
}
UNSOUND: dict[str, Recipe] = {"fnet": (wordpiece, BERT, SIZES)}  # mixes in padding
FAMILIES = {kind: family_of_type(kind) for kind in (*RECIPES, *UNSOUND)}


def save_model(kind: str, folder: Path, made: Build | None = None, **changes: object) -> Path:
    """Save a tiny model of the type `kind` and its tokenizer; `changes` of its configuration.

    `made` makes another tokenizer than the type's usual one.
    """
    build, special, sizes = {**RECIPES, **UNSOUND}[kind]
    build = made or build
    named = {f"{role}_token": token for role, token in special.items()}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=build(special), model_max_length=128, **named
    )
    ids = {
        f"{role}_token_id": tokenizer.convert_tokens_to_ids(token)
        for role, token in special.items()
    }
    config = AutoConfig.for_model(
        kind,
        **{
            "vocab_size": len(tokenizer),
            **sizes,
            **changes,
            **{
                f"{role}_token_id": ids.get(f"{role}_token_id")
                for role in ("pad", "bos", "eos", "cls", "sep")
            },
        },
    )
    if FAMILIES[kind] == "seq2seq":
        config.decoder_start_token_id = ids["pad_token_id"]
    model_class = {
        "masked": transformers.AutoModelForMaskedLM,
        "seq2seq": transformers.AutoModelForSeq2SeqLM,
        "causal": transformers.AutoModelForCausalLM,
    }[FAMILIES[kind]]
    torch.manual_seed(0)
    model = model_class.from_config(config)
    with torch.no_grad():
        for weight in (
            *model.parameters(),
            *(b for n, b in model.named_buffers() if n == "final_logits_bias"),
        ):
            weight.add_(torch.randn_like(weight) * 0.2)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
