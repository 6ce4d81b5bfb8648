"""How to use saved weights with transformers alone: the README that travels with a downloaded
model.
"""

from __future__ import annotations

from core.learning.demonstrations import DemonstratedPredictor
from core.learning.ensemble import EnsemblePredictor
from core.learning.model_code import ensemble_code, head_code, prompt_code
from core.learning.prefix_predictor import PrefixClassifier
from core.learning.prompting import PromptPredictor
from core.learning.saved_models import SavedPredictor
from core.learning.text_model_code import text_code
from core.learning.text_predictor import TextPredictor
from core.learning.text_to_text import TextToTextClassifier
from core.models.model_files import bundled_names
from core.models.peft_prefix import can_be_adapter

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
_WRITES = """# {title}

{what} The base model is `{base}`.

Unpack the archive, start Python in its folder, and let it write:

```python
{code}
```

`cloze.json` says how the model was asked while it was trained.
"""
_TEXT = "A language model that writes a text after its source."
_LABEL = "A language model that writes a label after its source, as T5 does: {words}."
_PREFIX = (
    "A prefix: keys and values that stand before everything a frozen language model reads "
    "(Prefix-Tuning, arXiv 2101.00190). `prefix.safetensors` holds them.")
_ADAPTER = " The same values lie in `adapter_model.safetensors`, as a PEFT adapter."
_BUNDLED = (
    " The model itself comes with Cloze Lab: give the path of its folder `assets/models/{base}` "
    "as `base`.")
_ONLY_HERE = (
    "# No other library has such prefixes yet. Cloze Lab asks with this one in the tab Use;\n"
    "# in Python: core.learning.saved_models.load_predictor(folder, placement)")


def readme(predictor: SavedPredictor, pairs: bool, title: str) -> str:
    """A README with the Python that gives the predictor's label probabilities without Cloze Lab.

    Args:
        pairs: whether the model was trained on pairs of texts.
    """
    if isinstance(predictor, TextPredictor | PrefixClassifier | TextToTextClassifier):
        return _readme_of_texts(predictor, title)
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


def _readme_of_texts(predictor: TextPredictor | PrefixClassifier | TextToTextClassifier,
                     title: str) -> str:
    """The same for models that write, and for prefixes of any kind."""
    if isinstance(predictor, TextToTextClassifier):
        words = ", ".join(f"`{word}`" for _, word in predictor.words)
        return _WRITES.format(title=title, what=_LABEL.format(words=words),
                              base=predictor.backbone.name, code=text_code(predictor.writer))
    prefix = predictor.prefix
    adapter = prefix is not None and can_be_adapter(prefix)
    code = _ONLY_HERE
    if isinstance(predictor, TextPredictor) and (adapter or prefix is None):
        code = text_code(predictor, adapter=adapter)
    what, base = _TEXT, predictor.backbone.name
    if prefix is not None:
        what = _PREFIX + (_ADAPTER if adapter else "")
        what += _BUNDLED.format(base=base) if base in bundled_names() else ""
    return _WRITES.format(title=title, what=what, base=base, code=code)
