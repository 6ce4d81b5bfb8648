"""LM-BFF's prompts: template and texts in, token ids and mask position out."""

import pytest

from core.data.task import Example
from core.errors import PatternError, VerbalizerError
from core.models.encoding import Limits, encode
from core.models.pieces import single_ids, word_ids
from core.prompts.demonstrations import with_demonstrations
from core.prompts.dialects.lm_bff import (
    demonstration_template,
    parse_stars,
    read_lm_bff,
    read_mapping,
    render_stars,
    write_lm_bff,
)
from core.prompts.verbalizer import Verbalizer


def _limits(case: dict, length: int) -> Limits:
    cut = "head" if case.get("truncate_head") else "tail"
    return Limits(length, case["first_sent_limit"], case["other_sent_limit"], cut)


def _check(prompt, limits: Limits, backbone, expected: dict, name: str) -> None:
    (encoded,) = encode([prompt], backbone, limits)
    padding = [backbone.tokenizer.pad_token_id] * (len(expected["input_ids"]) - len(encoded.ids))
    assert encoded.ids + padding == expected["input_ids"], name
    assert len(encoded.ids) == expected["num_real_tokens"], name
    assert encoded.masks[0] == expected["mask_position"], name
    if "tokens" in expected:
        assert backbone.tokenizer.convert_ids_to_tokens(encoded.ids) == expected["tokens"], name


def test_lmbff_prompt_render(parity) -> None:
    backbone = parity.backbone(parity.inputs["model"])
    for case, expected in parity.pairs("render"):
        assert [word_ids(word, backbone) for word in case["label_words"]] == [
            [i] for i in case["label_word_ids"]
        ]
        stars, limits = parse_stars(case["template"]), _limits(case, case["max_length"])
        prompt = render_stars(
            stars, case["texts"], case["label_words"], case.get("support_labels", ())
        )
        if "reference_error" in expected:
            with pytest.raises(PatternError, match="loses its"):
                encode([prompt], backbone, limits)
        else:
            _check(prompt, limits, backbone, expected, case["id"])


def test_lmbff_prompt_render_as_patterns(parity) -> None:
    backbone, read = parity.backbone(parity.inputs["model"]), 0
    for case, expected in parity.pairs("render"):
        try:
            pattern = read_lm_bff(case["template"])
        except PatternError:
            continue  # demonstrations, or more than two sentences
        if all(case["texts"]) and "reference_error" not in expected:
            _check(
                pattern.render(Example(*case["texts"])),
                _limits(case, case["max_length"]),
                backbone,
                expected,
                case["id"],
            )
            assert read_lm_bff(write_lm_bff(pattern)) == pattern
            read += 1
    assert read


def _example(case: dict, regression: bool) -> Example:
    label = case["label"]
    return Example(*case["texts"], label=str(int(float(label) > 2.5)) if regression else label)


def _query_template(template: str, labels: int) -> str:
    """The part of a demonstration template that asks."""
    fields = template.split("*sep+*")
    starts = ["*sep+*".join(fields[:count]) + "*sep+*" for count in range(1, len(fields))]
    return next(
        (start for start in starts if demonstration_template(start, labels) == template), template
    )


def test_lmbff_prompt_render_examples(parity) -> None:
    backbone = parity.backbone(parity.inputs["model"])
    for case, expected in parity.pairs("examples"):
        doubled = case["double_demo"] and case["use_demonstrations"]
        length = case["max_length"] * (2 if doubled else 1)
        assert length == expected["effective_max_length"], case["id"]
        limits, labels = _limits(case, length), case["labels"]
        given = render_stars(
            parse_stars(case["template"]), expected["sentence_order"], case["label_words"]
        )
        _check(given, limits, backbone, expected, case["id"])
        pattern = read_lm_bff(_query_template(case["template"], len(labels)))
        words = Verbalizer.of(dict(zip(labels, case["label_words"], strict=True)), labels)
        demonstrations = [_example(support, case["regression"]) for support in case["supports"]]
        prompt = with_demonstrations(
            pattern, _example(case["query"], case["regression"]), demonstrations, words
        )
        _check(prompt, limits, backbone, expected, case["id"])


def test_lmbff_prompt_render_auto_demo_templates(parity) -> None:
    for case, expected in parity.pairs("auto_demo_templates"):
        wanted = expected if isinstance(expected, str) else expected["template"]
        assert demonstration_template(case["template"], case["num_demonstrations"]) == wanted, case[
            "id"
        ]


def test_lmbff_prompt_render_label_word_mappings(parity) -> None:
    backbone = parity.backbone(parity.inputs["model"])
    for case, expected in parity.pairs("label_word_mappings"):
        mapping = read_mapping(repr(case["mapping"]))
        assert mapping == case["mapping"]
        labels = case["labels"] if len(case["labels"]) == len(mapping) else sorted(mapping)
        words = [(label, mapping[label]) for label in labels]
        if "reference_error" in expected:
            with pytest.raises(VerbalizerError, match="pieces"):
                single_ids(words, backbone)
        else:
            assert single_ids(words, backbone) == expected["token_ids"], case["id"]
