"""LM-BFF's automatic templates: the encoder's input, and the ranked list for both scores."""

import pytest

from core.data.task import Example
from core.prompts.dialects import read_lm_bff
from core.search.gap_patterns import as_template, example_ids, fill_gaps, patterns_in_gaps


def _examples(case: dict) -> list[Example]:
    return [Example(*(*each["text"], "")[:2], each["label"]) for each in case["examples"]]


def _shown(case: dict, backbone) -> list[list[int]]:
    return [
        example_ids(each, case["label_words"][each.label], case["layout"], backbone)
        for each in _examples(case)
    ]


def test_lmbff_template_search_inputs(parity) -> None:
    for case, expected in parity.pairs("cases"):
        assert _shown(case, parity.backbone(case["model"])) == expected["encoder_input_ids"], case[
            "id"
        ]


@pytest.mark.parametrize("averaged", [True, False])
def test_lmbff_template_search_beams(parity, averaged: bool) -> None:
    for case, expected in parity.pairs("cases"):
        backbone = parity.backbone(case["model"])
        shown = _shown(case, backbone)
        for beam, values in expected["by_beam"].items():
            wanted = values["reference_value" if averaged else "paper_value"]
            found = fill_gaps(backbone, shown, int(beam), averaged=averaged, strict=False)
            assert [list(each.tokens) for each in found] == [
                each["token_ids"] for each in wanted
            ], case["id"]
            assert [as_template(each.tokens, case["layout"], backbone) for each in found] == [
                each["template"] for each in wanted]
            assert [each.finished for each in found] == [each["finished"] for each in wanted]
            share = 1 if averaged else len(shown)
            assert [each.score / share for each in found] == pytest.approx(
                [each["score"] / share for each in wanted], abs=5e-4)


def test_lmbff_template_search_whole(parity) -> None:
    for case, expected in parity.pairs("whole_search"):
        backbone = parity.backbone(case["model"])
        found = patterns_in_gaps(
            backbone,
            _examples(case),
            case["label_words"],
            beam=case["beam"],
            averaged=True,
            strict=False,
        )
        templates = expected["templates"] if isinstance(expected, dict) else expected
        sound = [
            template
            for template in templates
            if template.startswith("*cls*") and template.endswith("*sep+*")
        ]
        assert {str(each.pattern) for each in found} == {
            str(read_lm_bff(template)) for template in sound
        }
