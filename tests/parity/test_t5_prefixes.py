"""T5's task formats and the reading of its answers."""

import pytest

from core.data.task import Example
from core.errors import PatternError
from core.prompts import referents
from core.prompts import text_to_text as t5
from core.prompts.text_formats import FORMATS

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


_PATTERNED = {  # formats as patterns, and the fields of an example that hold the fixture's texts
    **dict.fromkeys(("cola", "sst2", "mrpc", "qqp", "mnli", "qnli", "rte", "rte_superglue", "cb",
                     "boolq"), ("text_a", "text_b")),
    "copa": ("text_a", "choice1", "choice2", "question"), "wic": ("text_a", "text_b", "word"),
    "multirc": ("question", "answer", "text_a"),
}


@pytest.mark.parametrize("name", _PATTERNED)
def test_t5_prefixes_as_patterns(parity, name: str) -> None:
    case, keys = parity.inputs[name], t5.TASK_FORMATS[name].keys
    for example, expected in zip(case["examples"], parity.expected[name], strict=True):
        texts = dict(zip(_PATTERNED[name], (_clean(example[key]) for key in keys), strict=False))
        row = Example(texts.get("text_a", ""), texts.get("text_b", ""), more=tuple(texts.items()))
        prompt = FORMATS[name].pattern().render(row)
        assert prompt.text(mask="") == expected["source"].strip()


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


def test_t5_prefixes_of_pronouns(parity) -> None:
    for place, row in enumerate(parity.inputs["wsc"]):
        starred = referents.pronoun_prompt(row["text"], row["span2_text"], row["span2_index"])
        (simple,) = parity.expected["wsc_simple"][place]
        assert (starred, row["span1_text"]) == (simple["source"], simple["target"])
        marked = referents.two_spans_prompt(
            row["text"], (row["span1_text"], row["span2_text"]),
            (row["span1_index"], row["span2_index"]))
        assert marked == parity.expected["wsc_marked"][place]["source"]
        trained = parity.expected["wsc_simple_correct_referent_only"][place]
        assert bool(trained) == (row["label"] == 1)
    for row, expected in zip(parity.inputs["dpr"], parity.expected["dpr"], strict=True):
        starred = referents.resolution_prompt(row["sentence"], row["pronoun"])
        assert (starred, row["candidates"][row["label"]]) == (
            expected["source"], expected["target"])
    pairs = parity.inputs["postprocess"]["wsc_prediction_and_referent"]
    assert [referents.is_referent(*pair) for pair in pairs] == parity.expected["postprocess"][
        "wsc_is_referent"]
    with pytest.raises(PatternError, match="word number 3"):
        referents.pronoun_prompt("It was it.", "she", 2)


def test_t5_prefixes_of_entities_and_trivia(parity) -> None:
    for row, expected in zip(parity.inputs["record"], parity.expected["record"], strict=True):
        source = referents.record_prompt(row["passage"], row["query"], row["entities"])
        assert [{"source": source, "target": target}
                for target in referents.record_targets(row["answers"])] == expected
    for row, expected in zip(parity.inputs["squad"], parity.expected["squad_trivia"], strict=True):
        assert t5.trivia_prompt(row["question"]) == expected["source"]
