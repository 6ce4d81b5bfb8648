"""Methods that write texts, from the spec to the saved model, on every family they serve."""

from __future__ import annotations

import copy
import runpy
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from core.data.split import draw_split
from core.data.task import Example, Task, generation
from core.errors import InputError
from core.learning.checkpoint import Checkpoint
from core.learning.method import Learned, Problem
from core.learning.model_readme import readme
from core.learning.options import read_options
from core.learning.saved_models import load_predictor
from core.methods.registry import check_method, method_named
from core.models.backbone import Backbone
from core.models.peft_prefix import load_adapter
from core.models.placement import Placement
from core.models.prefix import Prefix
from core.models.prefix_parameters import new_parameters
from core.models.source_target import target_log_probs
from core.prompts.pvp import PVP
from core.runs.execution import ignore_progress

CPU = Placement("cpu", "float32")
WORDS = ("park", "film", "dog", "story", "great", "terrible", "yes", "no")
PATTERN = {"pattern": "{text_a} {mask}"}


def echoes() -> Task:
    """Each source is to be repeated, in one of two ways."""
    rows = tuple(Example(f"the {word}", references=(f"the {word} is good", f"good {word}"))
                 for word in WORDS)
    return Task("echoes", generation(), rows, rows[:3])


def problem_of(task: Task, backbone: Backbone, pattern: dict[str, Any] | None = None,
               shots: int = 4) -> Problem:
    pvp = PVP.from_dict(pattern or PATTERN, task.schema)
    return Problem(task.schema, (pvp,), draw_split(task, shots, 1), backbone, 1)


def learn(name: str, problem: Problem, report: Any = ignore_progress, **given: object) -> Learned:
    method = method_named(name)
    options = read_options(method.options, given, name)
    check_method(method, problem, options)
    return method.learn(problem, options, report)


@pytest.mark.parametrize("kind", ["gpt2", "llama", "t5", "bart"])
@pytest.mark.parametrize(("name", "given"), [
    ("prefix-tuning", {"parametrisation": "mlp", "length": 3}),
    ("prefix-tuning", {"parametrisation": "flat", "begin_with": "the park"}),
    ("prefix-tuning", {"parametrisation": "embedding", "length": 2}),
    ("prefix-tuning", {"parametrisation": "infix", "begin_with": "the park"}),
    ("prefix-tuning", {"length": 3, "prefix_layers": 1, "loss_of": "per-token", "dropout": True}),
    ("fine-tuning", {}), ("fine-tuning", {"top_layers": 1}),
])
def test_training_lowers_the_loss_and_is_saved_whole(
        kind: str, name: str, given: dict[str, object], tiny: Callable[..., Backbone],
        tmp_path: Path) -> None:
    backbone, losses = tiny(kind), []
    if given.get("parametrisation") == "infix" and backbone.family != "causal":
        with pytest.raises(InputError, match="of a causal model"):
            learn(name, problem_of(echoes(), backbone), **given)
        return

    def report(step: int, total: int, *, dev_score: float | None = None, **_: object) -> None:
        if dev_score is not None:
            losses.append(dev_score)

    problem, task = problem_of(echoes(), backbone), echoes()
    before = [weight.clone() for weight in backbone.model.parameters()]
    learned = learn(name, problem, report, steps=12, evaluate_every=3, learning_rate=0.02,
                    max_tokens=8, middle=16, **given) if name == "prefix-tuning" else learn(
        name, problem, report, steps=12, evaluate_every=3, learning_rate=0.02, max_tokens=8,
        **given)
    assert min(losses) < losses[0] or min(losses) == losses[0] < 6
    assert learned.metrics["dev_loss"] == min(losses)
    assert all(torch.equal(one, other) for one, other in
               zip(before, backbone.model.parameters(), strict=True))
    learned.predictor.save(tmp_path)
    again = load_predictor(tmp_path, CPU, lambda _: backbone)
    texts = learned.predictor.generate(task.test)
    assert again.generate(task.test) == texts
    stored, trained = (learned.metrics[f"{key}_parameters"] for key in ("stored", "trained"))
    if name == "prefix-tuning":
        prefix = learned.predictor.prefix
        assert stored == prefix.size
        assert (tmp_path / "model.safetensors").exists() is False
    else:
        assert stored == trained <= backbone.parameters


@pytest.mark.parametrize("name", ["zero-shot", "in-context"])
def test_nothing_is_trained(name: str, tiny: Callable[..., Backbone]) -> None:
    task = echoes()
    learned = learn(name, problem_of(task, tiny("gpt2")), max_tokens=5)
    assert len(learned.predictor.generate(task.test)) == 3


def test_in_context_shows_as_many_demonstrations_as_fit(tiny: Callable[..., Backbone]) -> None:
    backbone, task = tiny("gpt2"), echoes()
    asked = learn("in-context", problem_of(task, backbone), max_tokens=5,
                  demonstrations=4).predictor.prompt(task.test[0]).text()
    drawn = [word for word in WORDS if f"the {word} the {word} is good" in " ".join(asked.split())]
    assert len(drawn) == 4
    short = learn("in-context", problem_of(task, backbone), max_tokens=100, demonstrations=4)
    assert 1 <= short.predictor.prompt(task.test[0]).text().count("is good") < 4


@pytest.mark.parametrize("kind", ["gpt2", "t5"])
def test_a_prefix_learns_labels(kind: str, tiny: Callable[..., Backbone],
                                            tiny_task: Task, tmp_path: Path) -> None:
    backbone = tiny(kind)
    pairs = zip(tiny_task.schema.labels, ("great", "terrible"), strict=True)
    words = {label: [word] for label, word in pairs}
    asked = problem_of(tiny_task, backbone, {"pattern": "{text_a} It was {mask}", "words": words})
    learned = learn("prefix-tuning", asked, steps=30, evaluate_every=10, learning_rate=0.05,
                    middle=16, length=3)
    assert learned.metrics["dev_accuracy"] >= 0.75
    learned.predictor.save(tmp_path)
    again = load_predictor(tmp_path, CPU, lambda _: backbone)
    found = learned.predictor.log_probs(tiny_task.test)
    assert again.log_probs(tiny_task.test) == pytest.approx(found, abs=1e-5)


@pytest.mark.parametrize("kind", ["gpt2", "llama", "qwen2"])
def test_peft_gives_the_same_outputs(kind: str, tiny: Callable[..., Backbone],
                                     tiny_model_folder: Callable[..., Path],
                                     tmp_path: Path) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    backbone = tiny(kind)
    learned = learn("prefix-tuning", problem_of(echoes(), backbone), steps=2, middle=8, length=3,
                    max_tokens=8)
    learned.predictor.save(tmp_path)
    prefix = learned.predictor.prefix
    base = AutoModelForCausalLM.from_pretrained(tiny_model_folder(kind))
    theirs = PeftModel.from_pretrained(base, tmp_path).eval()
    source, target = [15, 16, 17, 18], [20, 21, 22]
    with torch.inference_mode():
        logits = theirs(input_ids=torch.tensor([[*source, *target]])).logits[0, 3:6]
        ours = target_log_probs(backbone, [source], [target], prefix).tokens
    wanted = logits.log_softmax(-1)[torch.arange(3), torch.tensor(target)]
    torch.testing.assert_close(ours, wanted, atol=1e-5, rtol=1e-5)
    back = load_adapter(tmp_path, backbone).key_values["decoder"]
    assert torch.equal(back, prefix.key_values["decoder"])


@pytest.mark.parametrize(("kind", "name"), [
    ("gpt2", "prefix-tuning"), ("gpt2", "fine-tuning"), ("t5", "fine-tuning"),
    ("llama", "prefix-tuning"), ("bart", "prefix-tuning")])
def test_the_readme_writes_the_same(
        kind: str, name: str, tiny: Callable[..., Backbone],
        tiny_model_folder: Callable[..., Path], tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:


    backbone = replace(tiny(kind), name=str(tiny_model_folder(kind)))
    predictor = learn(name, problem_of(echoes(), backbone), steps=2, max_tokens=8).predictor
    predictor.save(tmp_path)
    text = readme(predictor, False, "A title")
    code = text.split("```python\n")[1].split("```")[0]
    if kind == "bart":
        assert "load_predictor" in code
        return
    (tmp_path / "ask.py").write_text(code, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    runpy.run_path("ask.py")
    assert capsys.readouterr().out.strip() == predictor.generate([Example("A source.")])[0]


def test_what_cannot_be_trained_is_said_at_once(tiny: Callable[..., Backbone]) -> None:
    task = echoes()
    for kind, name, given, pattern, said in (
            ("gpt2", "prefix-tuning", {"length": 120}, PATTERN, "leave no room"),
            ("bert", "prefix-tuning", {}, PATTERN, "works on causal"),
            ("bert", "zero-shot", {}, PATTERN, "fills single masks"),
            ("bloom", "prefix-tuning", {}, PATTERN, "take no prefixes"),
            ("gpt2", "fine-tuning", {}, {"pattern": "{mask} {text_a}"}, "nothing may come after"),
    ):
        with pytest.raises(InputError, match=said):
            learn(name, problem_of(task, tiny(kind), pattern), **given)


def test_adapters_of_other_models_are_refused(tiny: Callable[..., Backbone],
                                              tmp_path: Path) -> None:
    from core.models.peft_prefix import save_adapter

    backbone = tiny("gpt2")
    torch.manual_seed(0)
    save_adapter(Prefix(new_parameters(backbone, "flat", 2, 0)().key_values), backbone, tmp_path)
    with pytest.raises(InputError, match="another model"):
        load_adapter(tmp_path, tiny("llama"))
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(InputError, match="only prefixes"):
        load_adapter(tmp_path, backbone)
    (tmp_path / "adapter_model.safetensors").write_bytes(b"nothing")
    with pytest.raises(InputError, match="holds no prefix"):
        load_adapter(tmp_path, backbone)


@dataclass
class Kept:
    """Checkpoints in memory."""

    seconds: float = 0.0
    saved: dict[str, Checkpoint] = field(default_factory=dict)

    def restore(self, name: str) -> Checkpoint | None:
        return self.saved.get(name)

    def save(self, name: str, checkpoint: Checkpoint) -> None:
        self.saved[name] = copy.deepcopy(checkpoint)  # as a file holds it


@pytest.mark.parametrize("stop_at", [4, 7, 11])
def test_a_stopped_prefix_goes_on_with_the_same_numbers(
        stop_at: int, tiny: Callable[..., Backbone]) -> None:
    backbone = tiny("gpt2")
    given = {"steps": 12, "evaluate_every": 2, "learning_rate": 0.02, "middle": 16, "length": 3}
    whole: list[tuple[int, float, float | None]] = []

    def report(step: int, total: int, *, loss: float, dev_score: float | None = None) -> None:
        whole.append((step, loss, dev_score))

    alone = learn("prefix-tuning", problem_of(echoes(), backbone), report, **given)
    expected, kept = list(whole), Kept()

    def stop(step: int, total: int, **_: object) -> None:
        if step == stop_at:
            raise KeyboardInterrupt

    problem = replace(problem_of(echoes(), backbone), checkpoints=kept)
    with pytest.raises(KeyboardInterrupt):
        learn("prefix-tuning", problem, stop, **given)
    assert kept.saved["training"].facts["step"] == stop_at // 2 * 2
    whole.clear()
    again = learn("prefix-tuning", problem, report, **given)
    assert whole == expected
    for place, part in alone.predictor.prefix.key_values.items():
        assert torch.equal(part, again.predictor.prefix.key_values[place])
    assert alone.metrics == again.metrics


def test_what_another_prefix_saved_is_not_restored(tiny: Callable[..., Backbone]) -> None:
    backbone, kept = tiny("gpt2"), Kept()
    problem = replace(problem_of(echoes(), backbone), checkpoints=kept)
    learn("prefix-tuning", problem, steps=2, evaluate_every=1, middle=8, length=3)
    seen: list[int] = []
    learn("prefix-tuning", problem, lambda step, total, **_: seen.append(step), steps=2,
          evaluate_every=1, middle=8, length=4)
    assert seen == [1, 2]


def test_dropout_is_on_for_updates_and_off_for_development(
        tiny: Callable[..., Backbone], monkeypatch: pytest.MonkeyPatch) -> None:
    from core.learning import text_training

    backbone, seen = tiny("gpt2"), []
    original = text_training.TextPredictor.log_probs_of

    def watched(self: Any, *given: Any) -> Any:
        seen.append((torch.is_grad_enabled(), self.backbone.model.training))
        return original(self, *given)

    monkeypatch.setattr(text_training.TextPredictor, "log_probs_of", watched)
    learned = learn("prefix-tuning", problem_of(echoes(), backbone), steps=4, evaluate_every=2,
                    middle=8, length=2, dropout=True)
    assert set(seen) == {(True, True), (False, False)}
    assert not learned.predictor.backbone.model.training
    assert not backbone.model.training
