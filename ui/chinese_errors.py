"""Messages of `core` in Chinese: the English template → the Chinese one."""

from __future__ import annotations

CHINESE_ERRORS: dict[str, str] = {
    # patterns and words
    "The pattern is empty. Write something like: {example}": "模式为空。可以这样写：{example}",
    "The pattern has {length} characters; {limit} are allowed. Shorten it.": "模式有 {length} 个字符，最多允许 {limit} 个，请缩短。",
    "The pattern has no {field}: nothing is asked of the model. Put {field} where the answer belongs.":
        "模式中没有 {field}，等于没有向模型提问。请在答案的位置写上 {field}。",
    "The pattern has {count} masks; {limit} are allowed.": "模式有 {count} 个空位，最多允许 {limit} 个。",
    "There is no field {field} (character {place}). Fields are {fields}.{hint}":
        "没有字段 {field}（第 {place} 个字符）。可用字段：{fields}。{hint}",
    "The pattern uses {field}, but the examples of this task have one text only. Remove it.":
        "模式使用了 {field}，但该任务的样本只有一段文本，请删去。",
    "The pattern shows no text of the example, so every example would get the same answer. Put {field} where the text belongs.":
        "模式没有用到样本的文本，所有样本都会得到同样的回答。请在文本的位置写上 {field}。",
    "There is no modifier {modifier!r} (character {place}). Modifiers are {known}.{hint}":
        "没有修饰符 {modifier!r}（第 {place} 个字符）。可用修饰符：{known}。{hint}",
    "{field} takes no modifier {modifier!r} (character {place}); modifiers change the example's texts.":
        "{field} 不能带修饰符 {modifier!r}（第 {place} 个字符）；修饰符只作用于样本文本。",
    "The brace }} at character {place} closes nothing. Write two for a literal brace.":
        "第 {place} 个字符的 }} 没有对应的左括号。要写字面括号请写两个。",
    "The brace {{ at character {place} is not closed. Close it, or write two for a literal brace.":
        "第 {place} 个字符的 {{ 没有闭合。请闭合，或写两个表示字面括号。",
    "A demonstration has the label {label!r}; words are given for {labels}.": "示例的标签是 {label!r}，而只给出了 {labels} 的标签词。",
    "A pattern is given as {form}, not as {data!r}.": "模式应写成 {form}，而不是 {data!r}。",
    "The words of the pattern {pattern!r} must map each label to its words.": "模式 {pattern!r} 的标签词必须把每个标签对应到它的词。",
    "The label {label!r} has no word. Give at least one.": "标签 {label!r} 没有标签词，请至少给出一个。",
    "The label {label!r} has an empty word. Remove it or fill it in.": "标签 {label!r} 有空的标签词，请删去或填写。",
    "The label {label!r} has {count} words; {limit} are allowed.": "标签 {label!r} 有 {count} 个词，最多允许 {limit} 个。",
    "The label {label!r} has a word of {length} characters ({word!r}…); {limit} are allowed.":
        "标签 {label!r} 有一个长达 {length} 个字符的词（{word!r}…），最多允许 {limit} 个字符。",
    "{entry!r} is not of the form label=word,word. Separate labels by semicolons.": "{entry!r} 不符合 标签=词,词 的格式。标签之间用分号隔开。",
    "{label!r} is no label of this task. Its labels are {labels}.": "{label!r} 不是该任务的标签。标签有：{labels}。",
    "{label!r} has the same words as {other!r} ({words}); the two can never be told apart. Change one of them.":
        "{label!r} 与 {other!r} 的标签词相同（{words}），两者无法区分，请修改其一。",
    "There is no pattern.": "没有模式。",
    "Accuracy needs a pattern with exactly one {field}; this one has {count}.": "计算准确率需要恰好一个 {field}，而这里有 {count} 个。",
    # models and encoding
    "{model} reads from left to right, but the pattern has nothing before its {field}. Move the text before it.":
        "{model} 从左到右阅读，但模式的 {field} 之前没有内容，请把文本移到它前面。",
    "The pattern's own words need {need} tokens, but {length} are allowed. Shorten the pattern.":
        "模式自身的文字需要 {need} 个词元，但只允许 {length} 个，请缩短模式。",
    "The model {model!r} does not know the word {word!r} of the label {label!r}. Choose another word.":
        "模型 {model!r} 不认识标签 {label!r} 的词 {word!r}，请换一个词。",
    "The word {word!r} of the label {label!r} has {count} pieces for this model ({pieces}); one is needed here. Choose a more "
    "common word.": "对该模型来说，标签 {label!r} 的词 {word!r} 会被切成 {count} 段（{pieces}），这里需要恰好一段。请换一个更常见的词。",
    "The model {name!r} is of type {kind!r}, which is not supported. Supported types: {known}.":
        "模型 {name!r} 的类型是 {kind!r}，暂不支持。支持的类型：{known}。",
    "The tokenizer of {name!r} has no fast form (tokenizer.json). Choose another model.":
        "{name!r} 的分词器没有快速版本（tokenizer.json），请换一个模型。",
    "The tokenizer of {name!r} has no mask token, so the model cannot answer.": "{name!r} 的分词器没有掩码词元，模型无法填空。",
    "{name!r} is no model name. Give a bundled name, a hub id or a folder.": "{name!r} 不是模型名。请给出内置名称、Hub 编号或文件夹。",
    "There is no folder {name!r}.": "没有文件夹 {name!r}。",
    "The model {name!r} is not offered here. Choose one of {known}.": "此处不提供模型 {name!r}。可选：{known}。",
    "The folder {name!r} holds no config.json, so it is no model.": "文件夹 {name!r} 中没有 config.json，不是模型。",
    "The folder {name!r} holds no safetensors weights. Other formats are not loaded, because they can run code; convert the "
    "model first.": "文件夹 {name!r} 中没有 safetensors 权重。其他格式可能执行代码，不予加载；请先转换模型。",
    "The model {name!r} cannot be loaded: {why}": "模型 {name!r} 无法加载：{why}",
    "The model {name!r} has no safetensors weights. Other formats are not loaded, because they can run code.":
        "模型 {name!r} 没有 safetensors 权重。其他格式可能执行代码，不予加载。",
    "The model {name!r} is neither bundled nor on this disk, and the hub did not answer. Check the name and the network, or "
    "choose one of {known}.": "模型 {name!r} 既非内置也不在本机，Hub 也没有响应。请检查名称和网络，或选择：{known}。",
    "There is no device {device!r}. Choose one of {known}.": "没有设备 {device!r}。可选：{known}。",
    "There is no precision {precision!r}. Choose one of {known}.": "没有精度 {precision!r}。可选：{known}。",
    "This machine has no {device!r} device. Choose 'auto' or 'cpu'.": "本机没有 {device!r} 设备。请选择 'auto' 或 'cpu'。",
    # methods, specs, runs
    "The method {method!r} works on {families} models; {model!r} is a {family} model.":
        "方法 {method!r} 适用于 {families} 模型，而 {model!r} 是 {family} 模型。",
    "The method {method!r} needs exactly one {field}; the pattern {pattern!r} has {count}.":
        "方法 {method!r} 需要恰好一个 {field}，而模式 {pattern!r} 有 {count} 个。",
    "No word of the vocabulary may be a label word.": "词表中没有可作标签词的词。",
    "Label {number} has no training example to find words by.": "第 {number} 个标签没有训练样本，无法寻找标签词。",
    "No word is left for label {number}: all that it may choose suit other labels better. Raise 'candidates', or let labels "
    "share words ('distinct').":
        "第 {number} 个标签没有剩下的词：可选的词都更适合其他标签。请增大 'candidates'，或允许标签共用词（'distinct'）。",
    "The labels share all their best words, so none can be told apart. Raise 'words_per_label', or switch 'distinct' on.":
        "各标签最好的词都相同，无法区分。请增大 'words_per_label'，或打开 'distinct'。",
    "There is no method {name!r}. Methods are {known}.": "没有方法 {name!r}。可用方法：{known}。",
    "The option {name!r} of {method!r} is {value!r}; it must be {wanted}.": "{method!r} 的选项 {name!r} 是 {value!r}，应为 {wanted}。",
    "The method {method!r} has no option {name!r}. Its options are {known}.": "方法 {method!r} 没有选项 {name!r}。可用选项：{known}。",
    "No method is chosen. Choose at least one.": "没有选择方法，请至少选择一个。",
    "{key!r} must be whole numbers, not {value!r}.": "{key!r} 必须是整数，而不是 {value!r}。",
    "The settings are not valid YAML: {why}": "设置不是有效的 YAML：{why}",
    "The settings must be lines of the form key: value.": "设置的每一行应为 键: 值 的形式。",
    "A study is a mapping with the keys {keys}.": "研究应是包含这些键的映射：{keys}。",
    "'task' must be a name, a hub id or a mapping of files, not {value!r}.": "'task' 必须是名称、Hub 编号或文件映射，而不是 {value!r}。",
    "{key!r} is {value!r}; it must be a list of {wanted}.": "{key!r} 是 {value!r}，应为由 {wanted} 组成的列表。",
    "{key!r} is {value!r}; numbers must be from 0 to {most}.": "{key!r} 是 {value!r}，数字必须在 0 到 {most} 之间。",
    "'model' is {value!r}; it must be a bundled name, a hub id or a folder.":
        "'model' 是 {value!r}，应为内置模型名、hub 编号或文件夹。",
    "The method {method!r} trains on examples, and K is 0. Choose K ≥ 1.": "方法 {method!r} 需要训练样例，但 K 为 0。请选择 K ≥ 1。",
    "The words of the label {label!r} are {words!r}; they must be texts. Put words such as {example} in quotes: YAML reads "
    "them as something else.": "标签 {label!r} 的标签词是 {words!r}，应为文本。像 {example} 这样的词请加引号，否则 YAML 会把它们读成别的类型。",
    "'options' must map method names to their options, or to lists of several, e.g. {example}.": "'options' 必须把方法名对应到它的选项，例如 {example}。",
    "'test_limit' is {value!r}; it must be a whole number above 0.": "'test_limit' 是 {value!r}，应为大于 0 的整数。",
    "'patterns' must be a list of {form}.": "'patterns' 应为 {form} 的列表。",
    "This study makes {count} runs; {limit} are allowed. Choose fewer seeds, shots or patterns.":
        "该研究会产生 {count} 次运行，最多允许 {limit} 次。请减少种子、样本数或模式。",
    "The method {method!r} needs a pattern, and the study has none. Add one under 'patterns'.":
        "方法 {method!r} 需要模式，而研究中没有。请选择或添加一个模式。",
    "A study has no key {key!r}. Its keys are {keys}.": "研究没有键 {key!r}。可用的键：{keys}。",
    "The study has no {key!r}. Add it.": "研究缺少 {key!r}，请补上。",
    "The method {method!r} would take {steps} steps; {limit} are allowed here.": "方法 {method!r} 需要 {steps} 步，此处最多允许 {limit} 步。",
    "Cancelled.": "已取消。",
    # tasks and splits
    "The task {name!r} has {count} label(s): {labels}. Classification needs at least two; check which column holds the labels.":
        "任务 {name!r} 有 {count} 个标签：{labels}。分类至少需要两个；请检查标签列是否选对。",
    "Shots (K) is {shots}; it must be 0 or more.": "每个标签的样本数 K 是 {shots}，必须不小于 0。",
    "K = {shots} needs {need} training rows of each label ({shots} to train, {shots} for development), but {label!r} has "
    "{count}. Choose K ≤ {most} or add rows.":
        "K = {shots} 时每个标签需要 {need} 行训练数据（{shots} 行训练、{shots} 行开发），但 {label!r} 只有 {count} 行。请取 K ≤ {most} 或增加数据。",
    "This data set is no longer on the server. Upload it again.": "该数据集已不在服务器上，请重新上传。",
    "Folders of the server cannot be used here. Upload a file or give a hub id.": "此处不能使用服务器上的文件夹。请上传文件或给出 Hub 编号。",
    "There is no data set {name!r}. Upload it again.": "没有数据集 {name!r}，请重新上传。",
    "The Lab shows up to {limit} labels; this task has {count}. Use the command line.":
        "实验台最多显示 {limit} 个标签，该任务有 {count} 个。请使用命令行。",
    "A saved model of the kind {kind!r} cannot be loaded. Known kinds are {known}.": "无法加载类型为 {kind!r} 的已存模型。已知类型：{known}。",
    "The folder of the saved model holds no {file}, so nothing says how to ask it. Train it again.":
        "已存模型的文件夹中没有 {file}，无从得知如何提问，请重新训练。",
    # storage and settings
    "The content of {name!r} is not valid base64.": "{name!r} 的内容不是有效的 base64。",
    "{variable} is {value!r}; it must be {wanted}.": "{variable} 是 {value!r}，应为 {wanted}。",
    "The folder {folder!r} cannot be written: {why}.": "无法写入文件夹 {folder!r}：{why}。",
    "The tokenizer of {name!r} is empty; its files (tokenizer.json) are missing.": "{name!r} 的分词器为空，缺少文件（tokenizer.json）。",
    "The weights of {name!r} lack {count} parts of the model, or have them in another shape, for instance {first}. Choose a model "
    "that was saved with its language-model head.": "{name!r} 的权重缺少模型的 {count} 个部分，或形状不符，例如 {first}。请选择保存了语言模型头的模型。",
    "The prompt has {count} tokens; cut to {length} it loses its {field}. Allow more tokens or limit the texts.":
        "提示有 {count} 个词元，截到 {length} 个会丢失 {field}。请允许更多词元或限制文本长度。",
    "There is no study {name!r}. There are: {known}.": "没有研究 {name!r}。现有：{known}。",
    "There is no study {id!r}.": "没有研究 {id!r}。",
    "There is no run {id!r}.": "没有运行 {id!r}。",
    "This browser has no id yet. Reload the page and try again.": "该浏览器还没有编号，请刷新页面后重试。",
    "{new} more runs would make {count} that wait or run; {limit} are allowed here. Wait, cancel some, or choose fewer seeds, "
    "shots or patterns.": "再加 {new} 次运行，等待或运行中的将达 {count} 次，此处最多允许 {limit} 次。请等待、取消一些，或减少种子、样本数或模式。",
    "{key!r} cannot be changed in a run. What can is {known}.": "运行中的 {key!r} 不能修改。可修改的有：{known}。",
    "{key!r} is {value!r}; it must be {wanted}.": "{key!r} 是 {value!r}，应为 {wanted}。",
    "A run of the study {name!r} is going on. Cancel it first.": "研究 {name!r} 有运行正在进行，请先取消。",
    "The data of {task!r} changed after the run was submitted. Start the study again.": "提交运行后 {task!r} 的数据发生了变化，请重新开始研究。",
    "The store {path!r} cannot be used: {why}.": "无法使用存储 {path!r}：{why}。",
    "The data folder {folder!r} cannot be used: {why}. Choose another one with CLOZE_LAB_DATA.":
        "无法使用数据文件夹 {folder!r}：{why}。请用 CLOZE_LAB_DATA 另选一个。",
    "LM-BFF published no results for the task {task!r}.": "LM-BFF 没有公布任务 {task!r} 的结果。",
    "The file has no results for the task {task!r}, nor for another with the labels {labels}.":
        "文件中没有任务 {task!r} 的结果，也没有标签为 {labels} 的其他任务的结果。",
    "The file has more than {limit} lines.": "文件超过 {limit} 行。",
    "The file has more than {limit} MB.": "文件超过 {limit} MB。",
}
