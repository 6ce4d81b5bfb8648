"""Cloze Lab's logic, without any user interface.

The tree is the pipeline, and each part imports only from itself and from those before it:

    errors → randomness → settings → data → prompts → models → metrics → inspection → search →
    learning → methods → runs → figures → pretraining → commands

An example becomes an answer like this:

    load_task           (data)      gives a `Task`
    draw_split          (data)      draws K training and K development examples per label
    Pattern.render      (prompts)   turns an `Example` into a `Prompt` of segments
    encode              (models)    turns prompts into token ids
    answer_logits       (models)    gives the logits at the mask positions
    label_log_probs     (models)    turns logits of label words into log-probabilities of labels
    Method.learn        (methods)   trains, or only asks, and gives a predictor
    predict             (runs)      asks the predictor about the test examples
    execute             (runs)      does the whole experiment of one `RunSpec`

Notation used in every docstring:

    B  prompts in a batch          T  tokens of a prompt          P  virtual tokens of a prefix
    C  labels (classes)            W  label words                 L  layers
    H  hidden width                D  width of one attention head
    V  vocabulary (or the chosen columns of it)
"""
