"""How to use saved weights with transformers alone: the README that travels with a downloaded
model.
"""

from __future__ import annotations

from core.learning.demonstrations import DemonstratedPredictor
from core.learning.ensemble import EnsemblePredictor
from core.learning.model_code import ensemble_code, head_code, prompt_code
from core.learning.prompting import PromptPredictor
from core.learning.saved_models import SavedPredictor

_README = """# {title}

{what} Its labels are {labels}. The base model is `{base}`.

Unpack the archive, start Python in its folder, and ask:

```python
{code}
```

Beside the weights (`model.safetensors`) lie the tokenizer and `cloze.json`, which says what the
model was trained to answer. Cut texts that do not fit into {length} tokens.
"""
_CHOOSING = (
    "A language model that fills the answers which come with each example into its pattern, token "
    "by token: their probabilities over each other are those of the labels.")
_PROMPT = ("A language model that answers through a pattern: its label words' probabilities are "
           "those of the labels.")
_DEMONSTRATED = (
    " It was trained with demonstrations beside the question: the code shows one draw of them, "
    "where Cloze Lab averages over {contexts}.")
_ENSEMBLE = (
    "{count} language models, each in a folder `member-…` of its own, that answer through "
    "patterns of their own; the mean of their log-probabilities counts.")
_HEAD = "A text classifier of transformers."


def readme(predictor: SavedPredictor, pairs: bool, title: str) -> str:
    """A README with the Python that gives the predictor's label probabilities without Cloze Lab.

    Args:
        pairs: whether the model was trained on pairs of texts.
    """
    if isinstance(predictor, EnsemblePredictor):
        what, labels, code = _ENSEMBLE.format(
            count=len(predictor.members)), predictor.labels, ensemble_code(predictor)
    elif isinstance(predictor, PromptPredictor):
        what = _PROMPT if predictor.pvp.verbalizer.has_words else _CHOOSING
        labels, code = predictor.pvp.verbalizer.labels, prompt_code(predictor)
        if isinstance(predictor, DemonstratedPredictor):
            what += _DEMONSTRATED.format(contexts=predictor.demonstrations.contexts)
    else:
        what, labels, code = _HEAD, predictor.labels, head_code(predictor, pairs)
    backbone = predictor.backbone
    return _README.format(title=title, what=what,
                          labels=", ".join(f"`{label}`" for label in labels), code=code,
                          base=backbone.name, length=backbone.max_length)
