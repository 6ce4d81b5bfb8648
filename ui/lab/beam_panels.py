"""HTML of the tree of a beam search, and of the three ways of writing side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from core.inspection import (
    BeamTree,
    FieldMarks,
    Node,
    TextView,
    closest_reference,
    similarity,
)
from ui.bars import found_percent
from ui.feedback import Translate
from ui.lab.text_panels import compared

_TITLES = {"greedy": "greedy", "beams": "beam search", "sampling": "sampling"}


def tree_panel(tree: BeamTree | None, translate: Translate) -> str:
    """The search as an indented tree: each stretch of text with its probability."""
    if tree is None:
        return ""
    over = translate("{n} texts found").format(n=tree.found)
    rest = ""
    if tree.hidden:
        text = translate("{n} others were given up soon and are not shown.").format(n=tree.hidden)
        rest = f'<p class="cl-hint">{escape(text)}</p>'
    return (f'<div class="cl-card"><h3>{escape(translate("The tree of the search"))}'
            f'<span class="cl-over">{escape(over)}</span></h3>'
            f'<div class="cl-scroll cl-tall">{_branches(tree.roots, translate)}</div>{rest}</div>')


def _branches(nodes: Sequence[Node], translate: Translate) -> str:
    return f'<ul class="cl-tree">{"".join(_branch(node, translate) for node in nodes)}</ul>'


def _branch(node: Node, translate: Translate) -> str:
    kind = "cl-lost" if not node.children and not node.rank else "cl-won" if node.rank == 1 else ""
    end = " ■" if node.ended else ""
    if node.rank:
        score = translate("score {value}").format(value=f"{node.score:.2f}")
        end += f' <span class="cl-rank">{node.rank}. · {escape(score)}</span>'
    elif kind:
        end += f' <span class="cl-hint">{escape(translate("given up"))}</span>'
    below = _branches(node.children, translate) if node.children else ""
    text = escape(node.text.strip()) or ("" if node.ended else "␣")
    return (f'<li class="{kind}"><span class="cl-share">{found_percent(node.probability)}</span> '
            f"{text}{end}{below}</li>")


def ways_panel(found: Mapping[str, tuple[TextView, FieldMarks]], references: Sequence[str],
               wanted: int, translate: Translate) -> str:
    """What each way of writing gives, side by side; those that are still to come are named."""
    columns = "".join(_way(way, view, marks, references, translate)
                      for way, (view, marks) in found.items())
    over = "" if len(found) == wanted else translate("{n} of {total} ways").format(
        n=len(found), total=wanted)
    return (f'<div class="cl-card"><h3>{escape(translate("Three ways of writing"))}'
            f'<span class="cl-over">{escape(over)}</span></h3>'
            f'<div class="cl-ways">{columns}</div></div>')


def _way(way: str, view: TextView, marks: FieldMarks, references: Sequence[str],
         translate: Translate) -> str:
    closest = closest_reference(view.output, references)
    facts = [translate("log-probability {value} a token").format(
        value=f"{view.mean_log_prob or 0:.2f}")]
    if closest:
        facts.append(translate("{share} of words shared").format(
            share=found_percent(similarity(view.output, closest))))
    if marks.covered:
        count = sum(covered for _, covered in marks.covered)
        facts.append(translate("Fields covered: {n} of {total}").format(
            n=count, total=len(marks.covered)))
    lines = "".join(f"<li>{escape(fact)}</li>" for fact in facts)
    return (f'<div><h4>{escape(translate(_TITLES[way]))}</h4>'
            f'<p class="cl-diff">{compared(view.output, references)}</p><ul class="cl-facts-list">{lines}</ul></div>')
