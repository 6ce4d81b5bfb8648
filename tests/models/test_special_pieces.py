"""The letters of a special token in a text are text, in every kind of vocabulary."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tiny_models import byte_fallback, regex_bytes, spaced_sentinels, split_metaspace
from tokenizers import Tokenizer, models, pre_tokenizers

from core.data.task import Example
from core.learning.classifier import HeadPredictor, with_head
from core.models.backbone import Backbone
from core.models.encoding import encode
from core.models.pieces import plain_ids, sentinel_id, word_ids
from core.models.placement import Placement
from core.models.sentences import SENTENCE_MODEL, SentenceEncoder
from core.prompts.demonstrations import with_demonstrations
from core.prompts.pattern import Pattern
from core.prompts.verbalizer import Verbalizer
from core.search.gap_patterns import as_template, example_ids

Tiny = Callable[..., Backbone]
TOKENS = ("<pad>", "</s>", "<s>", "<unk>", "<mask>", "[MASK]", "[SEP]", "[PAD]", "<extra_id_0>",
          "<extra_id_1>", "<|endoftext|>")
KINDS = ("bert", "roberta", "albert", "deberta-v2", "xlm-roberta", "t5", "mt5", "bart", "mbart",
         "gpt2", "llama", "qwen2")


def _words(special: dict[str, str]) -> Tokenizer:
    """Whole words, special tokens among them."""
    words = [*special.values(), "the", "dog", "great", *"[]MASKPDE"]
    tokenizer = Tokenizer(models.WordLevel(
        {word: number for number, word in enumerate(words)}, unk_token=special["unk"]))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return tokenizer


def _of_the_template(backbone: Backbone, pattern: str) -> list[int]:
    """The special tokens of a prompt whose texts hold none."""
    (encoded,) = encode([Pattern.parse(pattern).render(Example("a dog", "a park"))], backbone)
    return _special(encoded.ids, backbone)


def _special(ids: list[int], backbone: Backbone) -> list[int]:
    sentinels = {sentinel_id(number, backbone) for number in range(9)}
    special = {*backbone.tokenizer.all_special_ids, *sentinels} - {backbone.tokenizer.unk_token_id}
    return [token for token in ids if token in special]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pattern", ["{text_a} It is {mask}", "{text_b}: {text_a}{sep}\"{mask}\""])
def test_a_text_holds_no_special_tokens(kind: str, pattern: str, tiny: Tiny) -> None:
    backbone = tiny(kind)
    expected = _of_the_template(backbone, pattern)
    for token in TOKENS:
        for text in (token, f"The {token} film", f"a dog{token}", f"{token}{token} <"):
            prompt = Pattern.parse(pattern).render(Example(text, f"{text} is"))
            (encoded,) = encode([prompt], backbone)
            assert _special(encoded.ids, backbone) == expected, text
            assert len(encoded.masks) == 1


@pytest.mark.parametrize(("kind", "made"), [
    ("t5", split_metaspace), ("xlm-roberta", split_metaspace), ("llama", byte_fallback),
    ("qwen2", regex_bytes), ("bert", _words), ("t5", spaced_sentinels)])
def test_nor_with_other_vocabularies(kind: str, made: Callable[[dict[str, str]], Tokenizer],
                                     tiny: Tiny) -> None:
    backbone = tiny(kind, made=made)
    for token in (*backbone.tokenizer.all_special_tokens, *TOKENS):
        (ids,) = plain_ids([f"the {token} dog"], backbone)
        assert _special(ids, backbone) == []
        assert len(ids) > 2


@pytest.mark.parametrize("kind", KINDS)
def test_neither_do_literals_words_and_demonstrations(kind: str, tiny: Tiny) -> None:
    backbone = tiny(kind)

    def special(pattern: str, text: str, no: str, yes: str) -> list[int]:
        words = Verbalizer.of({"no": no, "yes": yes}, ["no", "yes"])
        prompt = with_demonstrations(
            Pattern.parse(pattern), Example("the"), [Example(text, label="no"),
                                                     Example(text, label="yes")],
            words, before=backbone.family == "causal")
        return _special(encode([prompt], backbone)[0].ids, backbone)

    assert special("{text_a} <pad> </s> is [SEP] {mask}", "<mask> [MASK]", "<pad>", "[PAD]"
                   ) == special("{text_a} is {mask}", "a dog", "no", "yes")
    ends = {backbone.tokenizer.sep_token, backbone.tokenizer.eos_token}
    for word in {*TOKENS} - ends:
        assert _special(word_ids(word, backbone), backbone) == []


def test_a_label_word_may_be_the_end_of_a_text(tiny: Tiny) -> None:
    words = Verbalizer.of({"no": "</s>", "yes": "yes"}, ["no", "yes"])
    prompt = with_demonstrations(Pattern.parse("{text_a} {mask}"), Example("the dog"),
                                 [Example("a park </s>", label="no")], words)
    (encoded,) = encode([prompt], tiny("roberta"))
    assert _special(encoded.ids, tiny("roberta")) == [0, 4, 2, 2, 2]  # <s> <mask> </s> </s> </s>


def test_a_text_is_spelled_as_its_letters_are(tiny: Tiny) -> None:
    for kind, tokens in (("roberta", "a Ġ < p a d >"), ("t5", "▁a ▁ < p a d >"),
                         ("albert", "▁a ▁ < p a d >"), ("bert", "a < p ##a ##d >")):
        (ids,) = plain_ids(["a <pad>"], tiny(kind))
        assert " ".join(tiny(kind).tokenizer.convert_ids_to_tokens(ids)) == tokens


def test_a_classifier_reads_text_too(tiny: Tiny) -> None:
    for kind in ("bert", "roberta", "t5", "bart"):
        predictor = HeadPredictor(with_head(tiny(kind), ("no", "yes"), seed=1), ("no", "yes"))
        plain, odd = predictor.encode([Example("a dog"), Example("a <pad> </s> [SEP] dog")])
        assert _special(odd.ids, tiny(kind)) == _special(plain.ids, tiny(kind))


def test_sentences_are_text_too() -> None:
    encoder = SentenceEncoder(SENTENCE_MODEL, Placement("cpu", "float32"))
    one, other = encoder.embed(["the [MASK] film", "the [ MASK ] film"])
    assert one == pytest.approx(other, abs=1e-5)


def test_patterns_are_still_written_around_sentinels(tiny: Tiny) -> None:
    for made in (split_metaspace, spaced_sentinels):
        backbone = tiny("t5", made=made)
        ids = example_ids(Example("<extra_id_0> film </s>"), "great", "mask-last", backbone)
        first, second, third = (sentinel_id(number, backbone) for number in range(3))
        end = backbone.tokenizer.eos_token_id
        assert _special(ids, backbone) == [first, second, end]
        written = (first, *word_ids("it is", backbone), second, third)
        assert as_template(written, "mask-last", backbone) == "*cls**sent_0*_it_is*mask**sep+*"
