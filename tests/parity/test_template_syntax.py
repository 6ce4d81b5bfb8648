"""The template dialects of OpenPrompt (brace), LM-BFF (star) and promptsource (jinja)."""

import pytest

from core.data.task import Example
from core.errors import PatternError
from core.models.encoding import encode
from core.prompts.dialects.lm_bff import Star, parse_stars, render_stars
from core.prompts.dialects.openprompt import Brace, Code, filled, parse_openprompt, read_openprompt
from core.prompts.dialects.promptsource import (
    JinjaTemplate,
    fixed_choices,
    parse_promptsource,
    render_promptsource,
)


def _brace(piece: Brace) -> dict:
    shown = {
        key: "<code>" if isinstance(value, Code) else value for key, value in piece.values.items()
    }
    return {"add_prefix_space": " " * piece.space, **shown}


def test_template_syntax_brace(parity) -> None:
    example = parity.inputs["brace"]["example"]
    texts = {"text_a": example["text_a"], "text_b": example["text_b"], **example["meta"]}
    for case, expected in parity.pairs("brace.templates", "brace"):
        if "reference_error" in expected:
            with pytest.raises(PatternError):
                parse_openprompt(case["template"])
            continue
        pieces = parse_openprompt(case["template"])
        assert [_brace(piece) for piece in pieces] == expected["segments"], case["id"]
        if "filled" in expected:
            assert [piece.kind == "mask" for piece in pieces] == expected["loss_ids"], case["id"]
            assert [piece.shortenable for piece in pieces] == expected["shortenable_ids"], case[
                "id"
            ]
            assert filled(pieces, texts) == expected["filled"], case["id"]


def test_template_syntax_brace_as_patterns(parity) -> None:
    example = parity.inputs["brace"]["example"]
    for case, expected in parity.pairs("brace.templates", "brace"):
        if "reference_error" in expected:
            continue
        kinds = {piece.kind for piece in parse_openprompt(case["template"])}
        if kinds & {"soft", "soft_id"}:
            with pytest.raises(PatternError, match="cannot say"):
                read_openprompt(case["template"])
        elif "special" not in kinds:
            columns = tuple(example["meta"].items())
            prompt = read_openprompt(case["template"]).render(
                Example(example["text_a"], example["text_b"], more=columns))
            text = prompt.text("<mask>").replace(" <mask>", "<mask>")
            assert text == expected["filled_text"].strip(), case["id"]


def _star(star: Star) -> dict:
    match star.kind:
        case "text":
            return {"type": "text", "text": star.text}
        case "sep":
            return {"type": "sep", **({"next_segment": True} if star.next_segment else {})}
        case "label" | "labelx":
            return {"type": star.kind, "index": star.index}
        case "sentence":
            letter = next((each[:5] for each in star.modifiers if each.endswith("_first")), "keep")
            return {
                "type": "sentence",
                "index": star.index,
                "add_space": star.space,
                "first_letter": letter,
                "drop_last_character": "drop_last" in star.modifiers,
            }
    return {"type": star.kind}


def test_template_syntax_star(parity) -> None:
    inputs = parity.inputs["star"]
    backbone = parity.backbone(inputs["model"])
    words = [backbone.tokenizer.decode([index]).strip() for index in inputs["label_word_ids"]]
    for case, expected in parity.pairs("star.templates", "star"):
        stars = parse_stars(case["template"])
        assert [_star(star) for star in stars] == expected["segments"], case["id"]
        (encoded,) = encode([render_stars(stars, inputs["texts"], words)], backbone)
        assert encoded.ids == expected["token_ids_for_the_example"], case["id"]


def test_template_syntax_jinja_yaml(parity) -> None:
    inputs = parity.inputs["jinja"]
    given = [JinjaTemplate(each["name"], each["jinja"], each["answer_choices"], each["metadata"])
             for each in inputs["templates"]]
    assert parse_promptsource(inputs["yaml"]) == given
    for template in given:
        expected = parity.expected["jinja"]["fixed_answer_choices"][template.name]
        assert fixed_choices(template.answer_choices) == (
            None if expected is None else tuple(expected)
        )


def test_template_syntax_jinja(parity) -> None:
    templates = {
        template.name: template for template in parse_promptsource(parity.inputs["jinja"]["yaml"])
    }
    for case, expected in parity.pairs("jinja.cases"):
        rendered = render_promptsource(templates[case["template"]], case["example"])
        choices = rendered.answer_choices
        got = {"parts": list(rendered.parts), "prompt": rendered.prompt, "target": rendered.target,
               "answer_choices": None if choices is None else list(choices)}
        assert {key: got[key] for key in expected if key in got} == {
            key: expected[key] for key in expected if key in got
        }, case["id"]
