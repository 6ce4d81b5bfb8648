"""Which family a type of model belongs to, by the classes that transformers has for it.

How a loaded model in fact behaves is checked by `core.models.behaviour`.
"""

from __future__ import annotations

from typing import Any, Literal

Family = Literal["masked", "seq2seq", "causal"]
_ENDINGS: dict[str, Family] = {  # of the names of classes
    "ForMaskedLM": "masked", "ForConditionalGeneration": "seq2seq",
    "ForCausalLM": "causal", "LMHeadModel": "causal",
}


def family_of(config: Any) -> Family | None:
    """The family of a configuration; None if no language model of transformers has its type.

    Some types have classes in several families. The class that the weights were saved from decides;
    without one, a type that can be seq2seq is, and one that can be masked is.
    """
    classes = _classes(config.model_type)
    if config.is_encoder_decoder:
        classes = {family: name for family, name in classes.items() if family == "seq2seq"}
    saved = [family for family, name in classes.items() if name in (config.architectures or ())]
    return next(iter([*saved, *classes]), None)


def family_of_type(kind: str) -> Family | None:
    """The family of a type of model; None if transformers has no language model of it."""
    return next(iter(_classes(kind)), None)


def family_of_class(name: str) -> Family | None:
    """The family of a class of transformers by its name, for which nothing is loaded."""
    return next((family for ending, family in _ENDINGS.items() if name.endswith(ending)), None)


def model_class(family: Family, classifier: bool = False) -> Any:
    """The class of transformers that loads models of a family."""
    import transformers

    if classifier:
        return transformers.AutoModelForSequenceClassification
    if family == "masked":
        return transformers.AutoModelForMaskedLM
    if family == "seq2seq":
        return transformers.AutoModelForSeq2SeqLM
    return transformers.AutoModelForCausalLM


def _classes(kind: str) -> dict[Family, str]:
    """The names of the classes of a type, by family."""
    return {family: names[kind] for family, names in _names().items() if kind in names}


def _names() -> dict[Family, dict[str, str]]:
    """For each family the class of each type, the families in the order of preference."""
    from transformers.models.auto import modeling_auto as auto

    return {
        "seq2seq": auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
        "masked": auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES,
        "causal": auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    }
