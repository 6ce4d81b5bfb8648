"""Chinese for further texts and for examples that bring their own answers."""

from __future__ import annotations

CHINESE_CHOICES = {
    "Further texts": "其他文本",
    "A pattern shows them by their names, in braces.": "模式用花括号里的名字显示它们。",
    "Each example brings its own answers, so there are no label words.": "每个样本自带候选答案，因此没有标签词。",
    "Answers to choose from": "候选答案",
    "In {name!r} the label {label!r} names an answer that is empty in the row {text!r}. Correct or remove it.":
        "{name!r} 中标签 {label!r} 指向的答案在 {text!r} 这一行为空。请改正或删除该行。",
    "Each row brings its own answers: the label names the column of the right one, {columns}.":
        "每一行自带候选答案：标签是正确答案所在列的名字（{columns}）。",
    "Patterns can also show the other columns by their names: {fields}.": "模式还可以用名字显示其他列：{fields}。",
    "Each example of this task brings its own answers, so there are no label words. Leave out {words}.":
        "该任务的每个样本自带候选答案，因此没有标签词。请去掉 {words}。",
    "The line {line!r} is no further text of this task. Write {form}; the names are {names}.":
        "这一行 {line!r} 不是该任务的其他文本。请写成 {form}；可用的名字有 {names}。",
    "The method {method!r} needs the same labels for all examples, and each example of this task brings its own "
    "answers. Those that choose among answers are 'zero-shot', 'lm-bff', 'pet' and 'ipet'.":
        "方法 {method!r} 要求所有样本使用同样的标签，而该任务的每个样本自带候选答案。能在候选答案中选择的是 zero-shot、lm-bff、pet 和 ipet。",
    "Examples that bring their own answers need a masked model, and {model!r} is a {family} model.":
        "自带候选答案的样本需要掩码模型，而 {model!r} 是 {family} 模型。",
    "The answer {text!r} has {count} tokens; at most {most} are allowed. Shorten it.":
        "答案 {text!r} 有 {count} 个词元；最多允许 {most} 个。请缩短。",
    "Demonstrations show an example of each label, and each example of this task brings its own answers. Leave them off.":
        "示例为每个标签各给出一个样本，而该任务的每个样本自带候选答案。请不要使用示例。",
    "K = {shots} needs {need} training rows ({shots} to train, {shots} for development), and there are {count}. Choose K "
    "≤ {most} or add rows.":
        "K = {shots} 需要 {need} 行训练数据（{shots} 行训练，{shots} 行开发），而只有 {count} 行。请选择 K ≤ {most} 或增加数据。",
    "K = {shots} needs {need} training rows ({shots} to train, {shots} for development), and there are {count}. The "
    "largest possible K is {most}.":
        "K = {shots} 需要 {need} 行训练数据（{shots} 行训练，{shots} 行开发），而只有 {count} 行。最大的 K 是 {most}。",
    "{name!r} was read as questions with a gap: each of its entities is an answer to choose.":
        "{name!r} 被读作带空的问题：其中每个实体都是一个候选答案。",
}
