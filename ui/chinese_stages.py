"""Chinese for PET and iPET: their stages, options and what they refuse."""

from __future__ import annotations

CHINESE_STAGES = {
    "Models, on average": "各模型平均", "All together": "全体一起", "Classifier": "分类器",
    "Classification head alone": "单独的分类头",
    "Accuracy on the test rows": "测试行上的准确率", "Generations": "各代",
    "New examples": "新样本", "Rightly labelled": "标注正确", "Never given": "从未给出的标签", "Models": "模型",
    "Examples": "样本数", "Before training": "训练前", "Test": "测试", "Soft labels": "软标签",
    "{n} unlabelled examples, temperature {t}": "{n} 个未标注样本，温度 {t}", "right": "正确", "Entropy": "熵",
    "mean": "平均", "decided": "确定", "undecided": "不确定", "Likeliest label": "最可能的标签",
    "Most disputed examples": "争议最大的样本",
    "Examples a model learns from": "每个模型学习的样本", "labelled by hand": "人工标注", "labelled by models": "模型标注",
    "given labels": "给出的标签", "models, development": "模型（开发集）", "Gen.": "代",
    "How each word is filled in, the surest place first": "每个词如何填入（最有把握的位置在先）",
    "The label {label!r} has {count} words. Where a word has several tokens, each label must have one word.":
        "标签 {label!r} 有 {count} 个词。只要有一个词含多个词元，每个标签就只能有一个词。",
    "The word {word!r} of the label {label!r} has {count} tokens; at most {most} are allowed. Choose a shorter one.":
        "标签 {label!r} 的词 {word!r} 有 {count} 个词元；最多允许 {most} 个。请选择更短的词。",
    "Options: PET": "选项：PET", "Options: iPET": "选项：iPET",
    "Trains models for several patterns; together they label unlabelled texts, from which a classifier learns.":
        "为几个模式各训练若干模型；它们一起标注未标注文本，分类器再从中学习。",
    "PET over several generations: models label examples for each other, and every generation learns from more.":
        "多代的 PET：模型互相标注样本，每一代从更多样本中学习。",
    "repetitions": "重复次数", "alpha": "alpha", "unlabelled batch": "未标注批大小", "weighted": "加权", "pool": "未标注池",
    "temperature": "温度", "student steps": "分类器步数", "generations": "代数", "factor": "增长倍数", "teachers": "教师比例",
    "likeliest": "最可能样本数",
    "steps between looks at the development examples, which choose nothing": "每隔多少步看一次开发样本；它们不用于选择",
    "models for each pattern, which differ by their seeds": "每个模式的模型数，它们的种子不同",
    "weight of the auxiliary language modelling on unlabelled texts, (1 − alpha) · answers + alpha · language (the paper: "
    "0.0001); 0 leaves it out": "在未标注文本上辅助语言建模的权重，(1 − alpha) · 回答 + alpha · 语言（论文：0.0001）；0 表示不用",
    "unlabelled examples in each update of the auxiliary language modelling": "辅助语言建模每次更新所用的未标注样本数",
    "each model counts by its accuracy on the training examples before training; otherwise all count alike":
        "每个模型按训练前在训练样本上的准确率计权；否则一视同仁",
    "most unlabelled examples that are used (the paper: 10,000 for each label)":
        "最多使用的未标注样本数（论文：每个标签 10,000）",
    "evens out the soft labels (the paper: 2)": "使软标签更平缓（论文：2）",
    "updates of the final classifier (the paper: 5,000)": "最终分类器的更新次数（论文：5,000）",
    "generations after the first (the paper: 3)": "第一代之后的代数（论文：3）",
    "how many times as many examples each generation learns from; never more than there are unlabelled ones (the paper: 5)":
        "每一代学习的样本是上一代的多少倍；不超过未标注样本的数量（论文：5）",
    "share of the other models that label for one, at least one (the paper: 0.25)":
        "为一个模型标注的其他模型所占比例，至少一个（论文：0.25）",
    "with K = 0, each label is first drawn from so many examples, those likeliest for it":
        "K = 0 时，每个标签先从这么多最可能属于它的样本中抽取",
    "The method {method!r} lets several patterns vote, and one is chosen. Choose two or more, or train with 'lm-bff' "
    "instead.": "方法 {method!r} 让几个模式投票，而只选了一个。请选择两个或更多，或改用 'lm-bff' 训练。",
    "The method {method!r} needs unlabelled examples, and none are left: all {count} training rows are used for training "
    "and development. Choose a smaller K or add unlabelled rows.":
        "方法 {method!r} 需要未标注样本，但一个也不剩：全部 {count} 行训练数据都用于训练和开发。请选择更小的 K 或添加未标注行。",
    "Auxiliary language modelling needs a masked model, and {model!r} is a {family} model. Set alpha to 0.":
        "辅助语言建模需要掩码模型，而 {model!r} 是 {family} 模型。请将 alpha 设为 0。",
}
