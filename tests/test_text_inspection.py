"""What the Lab sees of a model that writes: texts, tokens, alternatives, beams, many examples."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from core.data.task import Example, Task, generation
from core.errors import InputError
from core.inspection import (
    Node,
    Part,
    Question,
    TextView,
    changed_spans,
    closest_reference,
    forget,
    look_at_text,
    look_at_texts,
    mark_fields,
    read_fields,
    read_question,
    read_source,
    stream_text,
    word_diff,
    write_in_parts,
)
from core.models.backbone import Backbone
from core.models.decoding import Decoding, end_tokens, text_of
from core.models.source_target import target_log_probs
from core.models.writing import write
from core.prompts.slots import Slot

FAMILIES = ["gpt2", "llama", "t5", "bart"]
EXAMPLES = tuple(Example(f"{'the dog ' * (number % 4)}runs in the park",
                         references=("A dog runs.", "In the park runs a dog."))
                 for number in range(20))
TASK = Task("tiny", generation(), EXAMPLES, EXAMPLES)
GREEDY = Decoding(12, one_line=True)
BEAMS = Decoding(10, beams=3, one_line=True)
Tiny = Callable[[str], Backbone]


def asked(backbone: Backbone, pattern: str = "{text_a} {mask}") -> Question:
    return read_question(pattern, {}, TASK, backbone)


@pytest.mark.parametrize("kind", FAMILIES)
def test_the_text_is_the_one_that_a_run_writes(kind: str, tiny: Tiny) -> None:
    backbone, question = tiny(kind), asked(tiny(kind))
    forget()
    *parts, view = stream_text(question, EXAMPLES[3], backbone, GREEDY)
    source = read_source(question, EXAMPLES[3], backbone, GREEDY)[1].ids
    (written,) = write(backbone, [source], GREEDY)
    assert (view.ids, view.output) == (written.ids, text_of(written, backbone))
    assert view.done
    assert parts
    assert not any(part.done for part in parts)
    assert "".join(token.text for token in view.tokens).strip() == view.output
    assert list(stream_text(question, EXAMPLES[3], backbone, GREEDY)) == [view]  # kept


@pytest.mark.parametrize("kind", FAMILIES)
def test_every_token_has_its_probability_and_others_in_its_place(kind: str, tiny: Tiny) -> None:
    backbone, question = tiny(kind), asked(tiny(kind))
    view = look_at_text(question, EXAMPLES[1], backbone, GREEDY)
    source = read_source(question, EXAMPLES[1], backbone, GREEDY)[1].ids
    expected = target_log_probs(backbone, [source], [view.ids]).tokens.exp().tolist()
    assert [token.probability for token in view.tokens] == pytest.approx(expected, abs=1e-5)
    for token in view.tokens:
        shares = [other.probability for other in token.alternatives]
        assert len(shares) == 5
        assert shares == sorted(shares, reverse=True)
    ends = end_tokens(backbone, one_line=True)
    for before, token in enumerate(view.tokens):  # greedy: the best that does not end too early
        best = next(other for other in token.alternatives if before or other.id not in ends)
        assert best.id == token.id


@pytest.mark.parametrize("kind", ["gpt2", "t5"])
def test_a_text_goes_on_from_another_token(kind: str, tiny: Tiny) -> None:
    backbone, question = tiny(kind), asked(tiny(kind))
    view = look_at_text(question, EXAMPLES[1], backbone, GREEDY)
    other = next(other for other in view.tokens[2].alternatives
                 if other.id != view.ids[2] and not other.ends)
    begun = [*view.ids[:2], other.id]
    again = look_at_text(question, EXAMPLES[1], backbone, GREEDY, begun=begun)
    assert list(again.ids[:3]) == begun
    assert again.tokens[2].probability == pytest.approx(other.probability, abs=1e-5)


def test_writing_ends_when_nobody_reads_on(tiny: Tiny, until: Callable[..., None]) -> None:
    import threading

    forget()
    writing = stream_text(asked(tiny("gpt2")), EXAMPLES[0], tiny("gpt2"), Decoding(60))
    next(writing)
    writing.close()  # type: ignore[attr-defined]
    until(lambda: not any(thread.name == "writing" for thread in threading.enumerate()),
          "the end of writing", 20)


@pytest.mark.parametrize(("pattern", "kind", "told"), [
    ("{mask} {text_a}", "gpt2", "nothing may come after it"),
    ("{text_a} {mask}", "bert", "fills single masks"),
    ("{text_b} {mask}", "gpt2", "one text only"),
])
def test_what_cannot_be_asked_is_said(pattern: str, kind: str, told: str, tiny: Tiny) -> None:
    question = asked(tiny(kind), pattern)
    assert told in str(question.pattern_problem)
    with pytest.raises(InputError, match=told):
        look_at_text(question, EXAMPLES[0], tiny(kind), GREEDY)


@pytest.mark.parametrize("kind", ["gpt2", "t5"])
def test_many_examples_come_in_growing_parts(kind: str, tiny: Tiny) -> None:
    backbone, question = tiny(kind), asked(tiny(kind))
    forget()
    parts = list(write_in_parts(question, EXAMPLES, backbone, GREEDY))
    assert [part.n for part in parts] == [8, 16, 20]
    whole = look_at_texts(question, EXAMPLES, backbone, GREEDY)
    assert parts[-1].outputs == whole.outputs
    assert parts[-1].metrics.items() <= whole.metrics.items()
    assert next(iter(parts[0].metrics)) == parts[0].main.name
    assert not any(map(math.isnan, whole.metrics.values()))


def test_the_growing_ends_when_nobody_wants_it(tiny: Tiny) -> None:
    forget()
    wanted = iter([True] * 3)
    parts = write_in_parts(asked(tiny("gpt2")), EXAMPLES, tiny("gpt2"), GREEDY,
                           lambda: next(wanted, False))
    assert list(parts) == []


def leaves(nodes: tuple[Node, ...], before: str = "",
           share: float = 1.0) -> list[tuple[Node, str, float]]:
    found = []
    for node in nodes:
        text, whole = before + node.text, share * node.probability
        found += leaves(node.children, text, whole) if node.children else [(node, text, whole)]
    return found


@pytest.mark.parametrize("kind", FAMILIES)
def test_the_tree_of_beams_has_all_texts_and_their_probabilities(kind: str, tiny: Tiny) -> None:
    backbone, question = tiny(kind), asked(tiny(kind))
    best = look_at_text(question, EXAMPLES[2], backbone, BEAMS)
    tree = best.tree
    assert tree is not None
    assert look_at_text(question, EXAMPLES[2], backbone, GREEDY).tree is None
    ranked = sorted((leaf for leaf in leaves(tree.roots) if leaf[0].rank),
                    key=lambda leaf: leaf[0].rank)
    assert [node.rank for node, _, _ in ranked] == list(range(1, tree.found + 1))
    assert ranked[0][1].strip() == best.output
    assert ranked[0][0].ended == best.ended
    scores = [node.score for node, _, _ in ranked if node.score is not None]
    assert scores == sorted(scores, reverse=True)
    if not best.ended:
        assert math.log(ranked[0][2]) == pytest.approx(best.log_prob, abs=1e-3)


# Differences and fields


def test_the_closest_reference_shares_most_words() -> None:
    references = ("A pub by the sea.", "The Mill is a cheap pub.", "Nothing.")
    assert closest_reference("the mill is a pub", references) == references[1]
    assert closest_reference("the mill", ()) == ""


def test_words_are_compared_whatever_their_case() -> None:
    parts = word_diff("The Mill is a cheap bar.", "the Mill is an old bar in Ely.")
    assert [(part.kind, part.text) for part in parts] == [
        ("same", "The Mill is"), ("added", "a cheap"), ("missing", "an old"), ("same", "bar"),
        ("missing", "in Ely"), ("same", ".")]
    assert [part.space for part in parts] == [True, True, True, True, True, False]
    assert word_diff("", "a b") == [Part("missing", "a b")]
    assert word_diff("", "") == []


def test_changed_words_are_found_by_their_place() -> None:
    after = "The Mill is an old pub."
    spans = changed_spans("The Mill is a pub.", after)
    assert [after[start:stop] for start, stop in spans] == ["an old"]
    assert changed_spans(after, after) == []


@pytest.mark.parametrize(("source", "form", "names"), [
    ("name[Blue Spice], food[French]", "bracketed", ["name", "food"]),
    ("name : Blue Spice | food : French", "linearised", ["name", "food"]),
    ("| Alan : birthPlace : Wales | Alan : job : poet", None, ["subject", "birthPlace", "job"]),
    ("A harbour was closed.", None, []),
])
def test_fields_can_be_edited_where_they_can_be_put_together_again(
        source: str, form: str | None, names: list[str]) -> None:
    fields = read_fields(source)
    assert (fields.form, [slot.name for slot in fields.slots]) == (form, names)


def test_fields_are_covered_missed_or_invented() -> None:
    sources = ("name[Blue Spice], food[French]", "name[The Mill], food[Chinese]")
    task = Task("places", generation(), tuple(map(Example, sources)), ())
    marks = mark_fields("Blue Spice serves Chinese food.", sources[0], task)
    assert marks.covered == ((Slot("name", "Blue Spice"), True), (Slot("food", "French"), False))
    assert marks.invented == (Slot("food", "Chinese"),)
    assert mark_fields("Blue Spice", "plain text", task).covered == ()


def test_a_view_in_the_making_has_no_probability(tiny: Tiny) -> None:
    forget()
    first = next(iter(stream_text(asked(tiny("gpt2")), EXAMPLES[0], tiny("gpt2"), Decoding(30))))
    assert isinstance(first, TextView)
    assert first.log_prob is None
    done = look_at_text(asked(tiny("gpt2")), EXAMPLES[0], tiny("gpt2"), Decoding(30))
    assert done.log_prob is not None
    assert done.mean_log_prob is not None
    assert done.log_prob < done.mean_log_prob < 0
