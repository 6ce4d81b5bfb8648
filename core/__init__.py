"""Cloze Lab's logic, without any user interface.

The tree is the pipeline: `data → prompts → models → metrics → inspection → methods → search → runs → figures`, and each
package imports only from those to its left. An example becomes an answer like this: `load_task` gives a `Task`,
`draw_split` picks K examples per label, `Pattern.render` turns an `Example` into a `Prompt` of segments, `encode` turns
prompts into token ids, `Backbone.answer_logits` reads the mask positions, `label_log_probs` turns them into one
log-probability per label, a `Method` trains or just asks, and `execute` runs the whole experiment of one `RunSpec`.

Notation used in every docstring:

    B  prompts in a batch          T  tokens of a prompt          V  vocabulary (or the chosen columns of it)
    C  labels (classes)            W  label words                 P  virtual tokens of a prefix
    L  layers                      H  hidden width                D  width of one attention head
"""

__version__ = "0.1.0"
