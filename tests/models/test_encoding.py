"""Prompts to token ids, for every kind of tokenizer."""

import copy
from collections.abc import Callable

import pytest

from core.data.task import Example
from core.errors import PatternError, VerbalizerError
from core.models import pieces
from core.models.backbone import Backbone
from core.models.batches import collate, length_buckets
from core.models.encoding import Encoded, Limits, encode, shorten, start_token
from core.models.pieces import single_ids, tokenizer_kind, word_ids
from core.prompts.demonstrations import with_demonstrations
from core.prompts.pattern import Pattern, Prompt
from core.prompts.verbalizer import Verbalizer

Tiny = Callable[[str], Backbone]
FILM = Example("The film was great.", "It is a dog.", "yes")
WORDS = Verbalizer.of({"yes": "great", "no": "terrible"}, ["yes", "no"])


def _tokens(encoded: Encoded, backbone: Backbone) -> str:
    return " ".join(backbone.tokenizer.convert_ids_to_tokens(encoded.ids))


def _encode(
    pattern: str, backbone: Backbone, example: Example = FILM, limits: Limits = Limits()
) -> Encoded:
    return encode([Pattern.parse(pattern).render(example)], backbone, limits)[0]


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("bert", "wordpiece"),
        ("mpnet", "wordpiece"),
        ("roberta", "byte_level"),
        ("gpt2", "byte_level"),
        ("albert", "sentencepiece"),
        ("t5", "sentencepiece"),
        ("llama", "sentencepiece"),
    ],
)
def test_the_kind_of_a_tokenizer_is_recognised(model: str, kind: str, tiny: Tiny) -> None:
    assert tokenizer_kind(tiny(model)) == kind


@pytest.mark.parametrize(("model", "tokens", "masks"), [
    ("bert", "[CLS] the film was great . it was [MASK] . [SEP]", [8]),
    ("roberta", "<s> T h e Ġfilm Ġwas Ġgreat . ĠIt Ġwas <mask> . </s>", [10]),
    ("albert", "[CLS] ▁The ▁film ▁was ▁great . ▁It ▁was [MASK] . [SEP]", [8]),
    ("t5", "▁The ▁film ▁was ▁great . ▁It ▁was <extra_id_0> . </s>", [7]),
    ("bart", "<s> T h e Ġfilm Ġwas Ġgreat . ĠIt Ġwas <mask> . </s>", [10]),
    ("gpt2", "T h e Ġfilm Ġwas Ġgreat . ĠIt Ġwas", [8]),
    ("llama", "<s> ▁The ▁film ▁was ▁great . ▁It ▁was", [7]),
])
def test_a_prompt_becomes_tokens(model: str, tokens: str, masks: list[int], tiny: Tiny) -> None:
    encoded = _encode("{text_a} It was {mask}.", tiny(model))
    assert _tokens(encoded, tiny(model)) == tokens
    assert (encoded.masks, encoded.shortened) == (masks, 0)


@pytest.mark.parametrize(("pattern", "model", "tokens"), [
    ("{mask}: {text_a}", "roberta", "<s> <mask> : ĠIt Ġis </s>"),
    ("{mask}:{text_a}", "roberta", "<s> <mask> : I t Ġis </s>"),
    ("{mask}: {text_a|tight}", "roberta", "<s> <mask> : Ġ I t Ġis </s>"),
    ("{text_a}  {mask}", "roberta", "<s> I t Ġis Ġ <mask> </s>"),
    ("{mask}: {text_a}", "albert", "[CLS] [MASK] : ▁It ▁is [SEP]"),
    ("{mask}:{text_a}", "albert", "[CLS] [MASK] : It ▁is [SEP]"),
    ("{mask}<{text_a}", "albert", "[CLS] [MASK] < It ▁is [SEP]"),
    ("{text_a}{sep}{mask}", "albert", "[CLS] ▁It ▁is [SEP] [MASK] [SEP]"),
    ("{mask}{sep}{text_a}", "albert", "[CLS] [MASK] [SEP] ▁It ▁is [SEP]"),
    ("{mask}\n{text_a}", "t5", "<extra_id_0> It ▁is </s>"),
    ("{text_a}\nIt {mask}", "llama", "<s> ▁It ▁is \n I t"),
    ("{text_a}{sep}{text_a} {mask}", "llama", "<s> ▁It ▁is \n I t ▁is"),
    ("{text_a}{sep} {text_a} {mask}", "llama", "<s> ▁It ▁is \n ▁It ▁is"),
    ("{text_a} {text_b}{mask}", "bert", "[CLS] it is [MASK] [SEP]"),
    ("{text_a} {text_b}{mask}", "roberta", "<s> I t Ġis <mask> </s>"),
])
def test_spaces_belong_to_the_words_they_precede(
    pattern: str, model: str, tokens: str, tiny: Tiny
) -> None:
    assert _tokens(_encode(pattern, tiny(model), Example("It is")), tiny(model)) == tokens


@pytest.mark.parametrize(("model", "word", "tokens"), [
    ("bert", "great", ["great"]),
    ("bert", "Great", ["great"]),
    ("roberta", "great", ["Ġgreat"]),
    ("roberta", "dogs", ["Ġdog", "s"]),
    ("roberta", ".", ["."]),
    ("roberta", "</s>", ["</s>"]),
    ("roberta", "<pad>", ["<", "p", "a", "d", ">"]),
    ("albert", "great", ["▁great"]),
    ("gpt2", "great", ["Ġgreat"]),
    ("llama", "great", ["▁great"]),
])
def test_label_words_stand_as_in_running_text(
    model: str, word: str, tokens: list[str], tiny: Tiny
) -> None:
    assert tiny(model).tokenizer.convert_ids_to_tokens(word_ids(word, tiny(model))) == tokens


def test_single_ids_are_those_of_the_words(tiny: Tiny) -> None:
    vocabulary = tiny("roberta").tokenizer.get_vocab()
    assert single_ids(WORDS.all_words(), tiny("roberta")) == [
        vocabulary["Ġgreat"],
        vocabulary["Ġterrible"],
    ]


@pytest.mark.parametrize(("model", "word", "message"), [
    ("roberta", "dogs", "'dogs' of the label 'yes' has 2 pieces for this model (Ġdog s)"),
    ("albert", "dogs", "has 2 pieces for this model (▁dog s)"),
    ("bert", "好", "does not know the word '好' of the label 'yes'"),
    ("bert", "\u200b", "has 0 pieces for this model (none)"),
])
def test_unfit_label_words_are_refused_with_their_pieces(
    model: str, word: str, message: str, tiny: Tiny
) -> None:
    with pytest.raises(VerbalizerError) as error:
        single_ids([("yes", word)], tiny(model))
    assert message in str(error.value)
    assert error.value.label == "yes"


def test_each_token_knows_its_segment_and_side(tiny: Tiny) -> None:
    encoded = _encode("{text_a}{sep} {mask}, {text_b}", tiny("bert"), Example("The dog", "It is"))
    assert _tokens(encoded, tiny("bert")) == "[CLS] the dog [SEP] [MASK] , it is [SEP]"
    assert encoded.origins == [0, 1, 1, 2, 3, 4, 5, 5, 6]
    assert encoded.type_ids == [0, 0, 0, 0, 1, 1, 1, 1, 1]


def test_words_of_demonstrations_are_tokens_like_answers(tiny: Tiny) -> None:
    prompt = with_demonstrations(
        Pattern.parse("{text_a} {mask}."), Example("The dog"), [FILM], WORDS
    )
    (encoded,) = encode([prompt], tiny("bert"))
    assert _tokens(encoded, tiny("bert")) == (
        "[CLS] the dog [MASK] . [SEP] the film was great . great . [SEP]"
    )


def test_several_masks_are_distinct(tiny: Tiny) -> None:
    assert _tokens(_encode("{mask} {text_b} {mask}", tiny("t5")), tiny("t5")) == (
        "<extra_id_0> ▁It ▁is ▁a ▁dog . <extra_id_1> </s>"
    )
    assert _encode("{mask} {text_b} {mask}", tiny("bert")).masks == [1, 7]


def test_a_causal_model_reads_up_to_the_answer(tiny: Tiny) -> None:
    encoded = _encode("{text_b} {mask} {text_a}", tiny("gpt2"))
    assert _tokens(encoded, tiny("gpt2")) == "I t Ġis Ġa Ġdog ."
    assert encoded.masks == [5]


def test_a_causal_model_that_reads_nothing_else_begins_with_its_start_token(tiny: Tiny) -> None:
    for kind in ("gpt2", "llama"):
        encoded = _encode("{mask} {text_a}", tiny(kind))
        assert encoded.ids == [start_token(tiny(kind))]
        assert encoded.masks == [0]
    without = copy.copy(tiny("gpt2"))
    without.tokenizer = copy.deepcopy(without.tokenizer)
    without.tokenizer.bos_token = without.tokenizer.eos_token = None
    with pytest.raises(PatternError, match="reads from left to right"):
        _encode("{mask} {text_a}", without)


# limits

LONG = Example("dog " * 300, "park " * 300)


@pytest.mark.parametrize("model", ["bert", "roberta", "albert", "t5", "bart", "gpt2", "llama"])
@pytest.mark.parametrize(
    "pattern", ["{text_a} It is {text_b} {mask}", "the {text_a}{sep} in {text_b} is {mask}"]
)
def test_only_texts_are_shortened(model: str, pattern: str, tiny: Tiny) -> None:
    parsed = Pattern.parse(pattern)
    (whole,) = encode([parsed.render(Example("", ""))], tiny(model))
    for length in (len(whole.ids), len(whole.ids) + 1, 40, None):
        (encoded,) = encode([parsed.render(LONG)], tiny(model), Limits(length))
        assert len(encoded.ids) == (length or tiny(model).max_length)
        texts = {
            index
            for index, segment in enumerate(parsed.render(LONG).segments)
            if segment.kind == "text"
        }
        left = [
            token
            for token, origin in zip(encoded.ids, encoded.origins, strict=True)
            if origin not in texts
        ]
        assert left == whole.ids
        assert len(encoded.masks) == 1
        assert encoded.shortened > 0


@pytest.mark.parametrize(("pattern", "length", "tokens"), [
    ("{text_a} {mask} {text_b}", 7, "[CLS] the dog [MASK] park is [SEP]"),
    ("{text_a} {mask} {text_b}", 6, "[CLS] the dog [MASK] park [SEP]"),
    ("{text_a|not_shortenable} {mask} {text_b}", 7, "[CLS] the dog is [MASK] park [SEP]"),
    ("{text_a}{sep} {text_b} {text_a} {mask}", 9, "[CLS] the dog is [SEP] park is [MASK] [SEP]"),
])
def test_what_is_shortened_first(pattern: str, length: int, tokens: str, tiny: Tiny) -> None:
    encoded = _encode(pattern, tiny("bert"), Example("the dog is", "park is great"), Limits(length))
    assert _tokens(encoded, tiny("bert")) == tokens


def test_a_pattern_that_cannot_fit_is_refused(tiny: Tiny) -> None:
    with pytest.raises(PatternError, match="need 8 tokens, but 7 are allowed"):
        _encode("{text_a} the dog is in {mask}.", tiny("bert"), limits=Limits(7))
    with pytest.raises(PatternError, match="words need 7 tokens, but 6 are allowed"):
        _encode(
            "{text_a|not_shortenable} {mask}", tiny("bert"), Example("the dog is in"), Limits(6)
        )


@pytest.mark.parametrize(("limits", "tokens", "masks"), [
    (Limits(first=1), "[CLS] the [MASK] in the park [SEP]", [2]),
    (Limits(other=1), "[CLS] the dog is [MASK] in [SEP]", [4]),
    (Limits(first=2, other=0), "[CLS] the dog [MASK] [SEP]", [3]),
    (Limits(7, cut="tail"), "[CLS] the dog is [MASK] in the", [4]),
    (Limits(6, cut="head"), "is [MASK] in the park [SEP]", [1]),
    (Limits(9, cut="tail"), "[CLS] the dog is [MASK] in the park [SEP]", [4]),
    (Limits(9, cut="head"), "[CLS] the dog is [MASK] in the park [SEP]", [4]),
])
def test_limits(limits: Limits, tokens: str, masks: list[int], tiny: Tiny) -> None:
    encoded = _encode(
        "{text_a} {mask} {text_b}", tiny("bert"), Example("the dog is", "in the park"), limits
    )
    assert _tokens(encoded, tiny("bert")) == tokens
    assert encoded.masks == masks
    assert len(encoded.origins) == len(encoded.type_ids) == len(encoded.ids)


@pytest.mark.parametrize("limits", [Limits(4, cut="tail"), Limits(4, cut="head")])
def test_a_cut_that_takes_the_mask_is_refused(limits: Limits, tiny: Tiny) -> None:
    with pytest.raises(PatternError, match=r"has 9 tokens; cut to 4 it loses its \{mask\}"):
        _encode(
            "{text_a} {mask} {text_b}", tiny("bert"), Example("the dog is", "in the park"), limits
        )


def test_the_first_limit_is_the_questions_wherever_it_stands(tiny: Tiny) -> None:
    shots = [Example("the dog is", label="yes")]
    prompt = with_demonstrations(
        Pattern.parse("{text_a} {mask}"), Example("in the park"), shots, WORDS, before=True
    )
    (encoded,) = encode([prompt], tiny("bert"), Limits(first=1, other=2))
    assert _tokens(encoded, tiny("bert")) == "[CLS] the dog great [SEP] in [MASK] [SEP]"


def test_very_long_texts_keep_the_end_that_is_wanted(tiny: Tiny) -> None:
    text = "dog " * 2000 + "park"
    for limits, tokens in (
        (Limits(4, cut="head"), "dog park [MASK] [SEP]"),
        (Limits(4), "[CLS] dog [MASK] [SEP]"),
    ):
        assert (
            _tokens(_encode("{text_a} {mask}", tiny("bert"), Example(text), limits), tiny("bert"))
            == tokens
        )


@pytest.mark.parametrize(("sides", "excess", "left", "missing"), [
    ([[4], [2]], 0, [[4], [2]], 0),
    ([[4], [2]], 1, [[3], [2]], 0),
    ([[3], [3]], 1, [[3], [2]], 0),
    ([[4], [2]], 4, [[1], [1]], 0),
    ([[2, 3], [1]], 4, [[1, 0], [1]], 0),
    ([[2], [], [2]], 3, [[1], [], [0]], 0),
    ([[1], [1]], 5, [[0], [0]], 3),
    ([], 2, [], 2),
])
def test_shorten(sides: list[list[int]], excess: int, left: list[list[int]], missing: int) -> None:
    texts = [[list(range(length)) for length in side] for side in sides]
    assert shorten(texts, excess) == missing
    assert [[len(text) for text in side] for side in texts] == left
    assert all(text == list(range(len(text))) for side in texts for text in side)


# memory and batches

@pytest.mark.parametrize("model", ["bert", "roberta", "albert", "llama"])
def test_forgetting_pieces_changes_nothing(
    model: str, tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts = [Pattern.parse("{text_a}{sep} is {mask}, {text_b}").render(FILM) for _ in range(2)]
    remembered = encode(prompts, tiny(model))
    monkeypatch.setattr(pieces, "_PIECES_KEPT", 0)
    assert encode(prompts, tiny(model)) == remembered


def _prompts(*lengths: int) -> list[Prompt]:
    return [Pattern.parse("{text_a} {mask}").render(Example("dog " * length)) for length in lengths]


def test_a_batch_is_padded_on_the_right(tiny: Tiny) -> None:
    backbone = tiny("bert")
    batch = collate(encode(_prompts(1, 3), backbone), backbone)
    assert batch.ids.shape == (2, 6)
    assert batch.ids[0, 4:].tolist() == [backbone.tokenizer.pad_token_id] * 2
    assert batch.attention.tolist() == [[1, 1, 1, 1, 0, 0], [1] * 6]
    assert (batch.rows.tolist(), batch.columns.tolist()) == ([0, 1], [2, 4])
    assert batch.ids[batch.rows, batch.columns].tolist() == [backbone.tokenizer.mask_token_id] * 2


@pytest.mark.parametrize(
    ("model", "types"), [("bert", True), ("roberta", False), ("distilbert", False), ("t5", False)]
)
def test_segment_ids_are_given_where_the_model_has_them(
    model: str, types: bool, tiny: Tiny
) -> None:
    batch = collate(
        encode([Pattern.parse("{text_a}{sep}{mask}").render(FILM)], tiny(model)), tiny(model)
    )
    assert (batch.type_ids is not None) == types


def test_t5_is_asked_by_its_sentinels(tiny: Tiny) -> None:
    backbone = tiny("t5")
    batch = collate(
        encode([Pattern.parse("{mask} {text_b} {mask}").render(FILM)], backbone), backbone
    )
    tokens = [backbone.tokenizer.convert_ids_to_tokens(row.tolist()) for row in batch.decoder_ids]
    assert tokens == [["<pad>", "<extra_id_0>"], ["<pad>", "<extra_id_1>"]]
    assert (batch.rows.tolist(), batch.decoder_columns.tolist()) == ([0, 0], [1, 1])


def test_bart_repeats_the_text_up_to_the_mask(tiny: Tiny) -> None:
    backbone = tiny("bart")
    batch = collate(encode(_prompts(1, 3), backbone), backbone)
    tokens = [backbone.tokenizer.convert_ids_to_tokens(row.tolist()) for row in batch.decoder_ids]
    assert [" ".join(row) for row in tokens] == [
        "<pad> <s> d o g Ġ <pad> <pad>", "<pad> <s> d o g Ġdog Ġdog Ġ",
    ]
    assert batch.decoder_columns.tolist() == [5, 7]


def test_buckets_hold_every_prompt_once_and_keep_within_their_size(tiny: Tiny) -> None:
    encoded = encode(_prompts(*range(1, 40), *range(30)), tiny("bert"))
    groups = list(length_buckets(encoded, batch_tokens=100, most=7))
    assert sorted(index for group in groups for index in group) == list(range(len(encoded)))
    for group in groups:
        longest = max(len(encoded[index].ids) for index in group)
        assert len(group) <= 7
        assert len(group) == 1 or longest * len(group) <= 100
    assert list(length_buckets([])) == []
