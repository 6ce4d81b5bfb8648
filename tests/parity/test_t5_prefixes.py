"""T5's task formats and the reading of its answers."""

import pytest

from core.prompts import text_to_text as t5

_OF_TEXTS = {name: (name, task.keys) for name, task in t5.TASK_FORMATS.items() if name != "stsb"}
_OF_TEXTS |= {
    "ax": ("mnli", ("premise", "hypothesis")),
    "axg": ("rte_superglue", ("premise", "hypothesis")),
    "axb": ("rte_superglue", ("sentence1", "sentence2")),
}


def _clean(text: str) -> str:
    return text.replace("<br>", " ").replace("<b>", "").replace("</b>", "")


@pytest.mark.parametrize("name", _OF_TEXTS)
def test_t5_prefixes_of_labelled_texts(parity, name: str) -> None:
    form, keys = _OF_TEXTS[name]
    case = parity.inputs[name]
    for example, expected in zip(case["examples"], parity.expected[name], strict=True):
        texts = [_clean(example[key]) if name == "multirc" else example[key] for key in keys]
        assert t5.TASK_FORMATS[form].prompt(*texts) == expected["source"]
        label = example["label"]
        answer = (
            t5.NO_ANSWER if label < 0 else t5.TASK_FORMATS[form].answer(case["label_names"][label])
        )
        assert answer == expected["target"]


def test_t5_prefixes_of_scores(parity) -> None:
    for example, expected in zip(
        parity.inputs["stsb"]["examples"], parity.expected["stsb"], strict=True
    ):
        assert (
            t5.TASK_FORMATS["stsb"].prompt(example["sentence1"], example["sentence2"])
            == expected["source"]
        )
        assert t5.score_answer(example["label"]) == expected["target"]
    assert [t5.score_answer(score) for score in parity.inputs["stsb_rounding"]] == parity.expected[
        "stsb_rounding"
    ]


def test_t5_prefixes_of_texts_to_write(parity) -> None:
    for example, expected in zip(
        parity.inputs["summarize"], parity.expected["summarize"], strict=True
    ):
        assert t5.summary_prompt(example["article"]) == expected["source"]
    for example, expected in zip(
        parity.inputs["translate"], parity.expected["translate"], strict=True
    ):
        codes = example["source_language"], example["target_language"]
        assert t5.translation_prompt(example["text"][codes[0]], *codes) == expected["source"]
    for example, expected in zip(parity.inputs["squad"], parity.expected["squad"], strict=True):
        assert t5.question_prompt(example["question"], example["context"]) == expected["source"]
        assert [t5.spaced(answer) for answer in example["answers"]["text"]] == expected["answers"]


def test_t5_prefixes_and_what_was_said(parity) -> None:
    case, expected = parity.inputs["postprocess"], parity.expected["postprocess"]
    assert [
        t5.written_label(each, case["class_names"]) for each in case["predicted_labels"]
    ] == expected["class_index"]
    assert [t5.written_number(each) for each in case["predicted_numbers"]] == expected["number"]
