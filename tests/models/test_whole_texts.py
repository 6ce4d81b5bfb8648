"""The ids of a prompt, put together segment by segment, are those of its text as a whole."""

from __future__ import annotations

import itertools
from functools import partial

import pytest
from tiny_models import GPT, LLAMA, Build, byte_fallback, byte_level, prepended, regex_bytes
from tokenizers import Tokenizer, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from core.data.task import Example
from core.models.backbone import Backbone
from core.models.encoding import encode
from core.models.placement import Placement
from core.prompts.demonstrations import with_demonstrations
from core.prompts.pattern import Pattern, Prompt
from core.prompts.verbalizer import Verbalizer

WORDS = Verbalizer.of({"yes": "great", "no": "terrible"}, ["yes", "no"])
TEXTS = (
    "The film was great", "great", "(no) story", "\"It is\" a dog", "... and yes!", "42 dogs",
    "3.14", "电影很好看", "Фильм", "🙂 the park", "é", "a  b", "one\ntwo\n\nthree", "<s>",
    "</s> it", "it's", "'s park", "\tbread", "It was great:")
PATTERNS = ("{text_a} It was {mask}", "Text: {text_a} Is it {mask}?", "{text_a} {text_b} so {mask}",
            "\"{text_b}\" and then {text_a} was {mask}", "1. {text_a}\n2. {text_b} , yes {mask}",
            "It is {mask}", "\n{text_a} 7 {mask}")


def _unprefixed(special: dict[str, str]) -> Tokenizer:
    """Pairs whose normaliser makes blanks visible and puts none before a text."""
    tokenizer = prepended(special)
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    return tokenizer


def _prefixed_bytes(special: dict[str, str]) -> Tokenizer:
    tokenizer = byte_level(special)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    return tokenizer


KINDS: dict[str, tuple[Build, dict[str, str]]] = {
    "prepended": (prepended, LLAMA),
    "unprefixed": (_unprefixed, LLAMA),
    "metaspace first": (byte_fallback, LLAMA),
    "metaspace always": (partial(byte_fallback, scheme="always"), LLAMA),
    "metaspace never": (partial(byte_fallback, scheme="never"), LLAMA),
    "bytes": (byte_level, GPT),
    "prefixed bytes": (_prefixed_bytes, GPT),
    "bytes of words": (regex_bytes, GPT),
}


@pytest.fixture(params=KINDS)
def causal(request: pytest.FixtureRequest) -> Backbone:
    """A causal model's tokenizer of each kind; no model is needed to encode."""
    return _causal(request.param)


def _causal(kind: str) -> Backbone:
    build, special = KINDS[kind]
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=build(special),
        **{f"{role}_token": token for role, token in special.items()})
    return Backbone(kind, "causal", tokenizer, None, Placement("cpu", "float32"), 512)


def _whole(prompt: Prompt) -> str:
    """What a causal model is shown: the text before the first answer, with line breaks."""
    shown = itertools.takewhile(lambda segment: segment.kind != "mask", prompt.segments)
    return "".join("\n" if segment.kind == "sep" else segment.surface() for segment in shown)


def _ids(text: str, backbone: Backbone) -> list[int]:
    return backbone.tokenizer(text, split_special_tokens=True)["input_ids"]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_prompt_has_the_ids_of_its_text(pattern: str, causal: Backbone) -> None:
    prompts = [Pattern.parse(pattern).render(Example(first, second))
               for first, second in itertools.product(TEXTS, repeat=2)]
    for prompt, encoded in zip(prompts, encode(prompts, causal), strict=True):
        assert encoded.ids == _ids(_whole(prompt), causal), prompt.text()
        assert encoded.masks == [len(encoded.ids) - 1]


@pytest.mark.parametrize("pattern", ["{text_a} It was {mask}", "Text: {text_a}\nIs it {mask}.",
                                     "It is {text_a} , {mask}, no?", "{text_a}{sep} so {mask} ."])
def test_demonstrations_do_too(pattern: str, causal: Backbone) -> None:
    pattern_ = Pattern.parse(pattern)
    for text in TEXTS:
        shots = [Example(text, label="no"), Example("no story", label="yes")]
        prompt = with_demonstrations(pattern_, Example(text), shots, WORDS, before=True)
        (encoded,) = encode([prompt], causal)
        assert encoded.ids == _ids(_whole(prompt), causal), prompt.text()


def test_a_token_that_reaches_into_the_next_segment_is_not_used() -> None:
    causal = _causal("bytes of words")  # it has a token of a full stop and a line break
    ends, goes_on = (encode([Pattern.parse(pattern).render(Example("The park"))], causal)[0]
                     for pattern in ("{text_a}.{sep}so {mask}", "{text_a}.\nso {mask}"))
    assert ends.ids == goes_on.ids == _ids("The park.\nso", causal)
    (parted,) = encode([Pattern.parse("{text_a}\nso {mask}").render(Example("The park."))], causal)
    assert len(parted.ids) == len(ends.ids) + 1
    assert causal.tokenizer.decode(parted.ids) == "The park.\nso"
