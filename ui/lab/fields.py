"""The fields of a meaning representation as chips that a person edits, in the browser.

The chips and the text box are one source: what is typed into a chip is put together and written
into the text box; what is typed there is read by the server, and the chips follow.
"""

from __future__ import annotations

import json

import gradio as gr

from core.inspection import read_fields
from ui.feedback import Translate
from ui.live import QUIET

_EDIT = """
const plain = text => text.replaceAll('[', '(').replaceAll(']', ')').trim();
const compose = {
  bracketed: pairs => pairs.map(
    ([name, value]) => `${plain(name).replaceAll(',', ' ')}[${plain(value)}]`).join(', '),
  linearised: pairs => pairs.map(
    ([name, value]) => `${name} : ${value}`.replaceAll('|', '/').trim()).join(' | '),
};
const write = () => {
  const root = element.querySelector('.cl-fields');
  const pairs = [...root.querySelectorAll('.cl-field')].map(
    chip => [...chip.querySelectorAll('input')].map(box => box.value));
  const area = document.querySelector('#text-a textarea');
  area.value = compose[root.dataset.form](pairs.filter(([name]) => name.trim()));
  area.dispatchEvent(new Event('input', {bubbles: true}));
};
element.addEventListener('input', event => {
  event.stopPropagation();
  event.target.size = Math.max(3, event.target.value.length);
  write();
});
element.addEventListener('click', event => {
  const act = event.target.closest('button')?.dataset.act;
  if (act === 'remove') {
    event.target.closest('.cl-field').remove();
    write();
  }
  if (act === 'add') {
    const chips = element.querySelector('.cl-fields');
    const chip = chips.querySelector('template').content.firstElementChild.cloneNode(true);
    chips.insertBefore(chip, event.target.closest('button'));
    chip.querySelector('input').focus();
  }
});
"""
_SHOW = """text => {
  const root = document.querySelector('#fields .cl-fields');
  if (!root || root.contains(document.activeElement) &&
      document.activeElement.tagName === 'INPUT') return;
  root.replaceChildren();
  if (!text) return;
  const {form, slots, words} = JSON.parse(text);
  root.dataset.form = form;
  const make = (kind, more) => Object.assign(document.createElement(kind), more);
  const chip = (name, value) => {
    const made = make('span', {className: 'cl-field'});
    const box = (text, kind, title) => {
      const input = make('input', {className: kind, size: Math.max(3, text.length), title});
      input.setAttribute('aria-label', title);
      input.value = text;
      return input;
    };
    const remove = make('button', {type: 'button', textContent: '✕', title: words.remove});
    remove.dataset.act = 'remove';
    remove.setAttribute('aria-label', `${words.remove}: ${name}`);
    made.append(box(name, 'cl-field-name', words.name), box(value, 'cl-field-value', words.value),
                remove);
    return made;
  };
  const spare = make('template');
  spare.content.append(chip('', ''));
  const add = make('button', {type: 'button', className: 'cl-act', textContent: `+ ${words.add}`});
  add.dataset.act = 'add';
  root.append(...slots.map(([name, value]) => chip(name, value)), spare, add);
}"""


class FieldChips:
    """The chips, and a hidden text that says what is in them."""

    def __init__(self) -> None:
        """Nothing is shown until `state` gets what `fields_text` gives."""
        gr.HTML('<div class="cl-fields"></div>', elem_id="fields", js_on_load=_EDIT)
        self.state = gr.Textbox("", visible=False)
        self.state.change(None, self.state, None, js=_SHOW, **QUIET)


def fields_text(source: str, translate: Translate) -> str:
    """What the chips show of a source; empty where there is nothing to edit in fields."""
    fields = read_fields(source)
    if fields.form is None:
        return ""
    words = {"add": translate("Add a field"), "remove": translate("Remove"),
             "name": translate("Name of the field"), "value": translate("Value")}
    return json.dumps({"form": fields.form, "slots": fields.slots, "words": words},
                      ensure_ascii=False)
