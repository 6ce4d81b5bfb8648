"""Messages about data, and the parts "Your own data" and "Use", in Chinese: the English text → the Chinese one."""

from __future__ import annotations

_READING = {
    "There is no file {name!r}. Check its name and place.": "没有文件 {name!r}，请检查名称和位置。",
    "{name!r} is a folder. Choose a file.": "{name!r} 是文件夹，请选择文件。",
    "The file {name!r} cannot be opened. Check that it may be read.":
        "文件 {name!r} 无法打开，请检查是否有读取权限。",
    "The file {name!r} is larger than {limit} MB. Use a part of it.":
        "文件 {name!r} 大于 {limit} MB，请只用其中一部分。",
    "The file {name!r} is empty.": "文件 {name!r} 是空的。",
    "The file {name!r} has no rows of data.": "文件 {name!r} 中没有数据行。",
    "The file {name!r} is {kind}, not a table. Save the data as CSV, TSV, JSONL or Parquet and choose that file.":
        "文件 {name!r} 不是表格（{kind}）。请把数据另存为 CSV、TSV、JSONL 或 Parquet 后再选择。",
    "The file {name!r} does not hold text. Save the data as CSV, TSV, JSONL or Parquet and choose that file.":
        "文件 {name!r} 的内容不是文本。请把数据另存为 CSV、TSV、JSONL 或 Parquet 后再选择。",
    "Line {line} of {name!r} holds a NUL byte: the file is damaged or not text. Save it again as UTF-8.":
        "{name!r} 第 {line} 行含有 NUL 字节：文件已损坏或不是文本。请另存为 UTF-8。",
    "The text was read as {encoding}, which is a guess. If letters look wrong, save the file as UTF-8.":
        "文本按 {encoding} 读取，这是推测的编码。如果文字显示有误，请把文件另存为 UTF-8。",
    "{count} character(s) could not be read and were replaced by \ufffd. Save the file as UTF-8.":
        "有 {count} 个字符无法读取，已替换为 \ufffd。请把文件另存为 UTF-8。",
    "The file {name!r} has {count} columns; {limit} are allowed. Remove those that are not needed.":
        "文件 {name!r} 有 {count} 列，最多允许 {limit} 列。请删去不需要的列。",
    "The name {column!r} occurs more than once; a further column of it is called {new!r}.":
        "列名 {column!r} 重复出现，后面的一列改称 {new!r}。",
    "The first row was read as data, since it does not look like column names.":
        "第一行看起来不像列名，已作为数据读取。",
    "The objects in {name!r} have more than {limit} different keys. Remove those that are not needed.":
        "{name!r} 中的对象有超过 {limit} 个不同的键，请删去不需要的键。",
    "Row {row} of {name!r} has {length} characters in column {column!r}; {limit} are the most that can be read. "
    "Shorten or remove it.":
        "{name!r} 第 {row} 行的 {column!r} 列有 {length} 个字符，最多能读取 {limit} 个。请缩短或删去该行。",
    "The file {name!r} has more than {limit} rows. Use a part of it.":
        "文件 {name!r} 超过 {limit} 行，请只用其中一部分。",
    "The file {name!r} has {count} rows; {limit} are allowed. Use a part of it.":
        "文件 {name!r} 有 {count} 行，最多允许 {limit} 行。请只用其中一部分。",
    "{name!r} has {count} rows; {limit} are allowed. Use a part of it.":
        "{name!r} 有 {count} 行，最多允许 {limit} 行。请只用其中一部分。",
    "The file {name!r} is damaged or no Parquet file. Save it again.":
        "文件 {name!r} 已损坏或不是 Parquet 文件，请重新保存。",
    "The file {name!r} holds a text of more than {limit} characters. Shorten or remove it.":
        "文件 {name!r} 中有一段文本超过 {limit} 个字符，请缩短或删去。",
    "The file {name!r} unpacks to more than {limit} MB of text. Use a part of it.":
        "文件 {name!r} 解压后的文本超过 {limit} MB，请只用其中一部分。",
    "The quotation mark on line {line} of {name!r} is never closed. Close it, or double it if it is part of the "
    "text.":
        "{name!r} 第 {line} 行的引号没有闭合。请闭合引号；如果它是文本的一部分，请写成两个。",
    "Line {line} of {name!r} has {found} field(s), the first row has {width} (delimiter: {delimiter}; {count} such "
    "row(s)). Put texts that hold the delimiter or a line break into double quotes.":
        "{name!r} 第 {line} 行有 {found} 个字段，而首行有 {width} 个（分隔符：{delimiter}；共 {count} 行如此）。"
        "含有分隔符或换行的文本请放在双引号内。",
    "On line {line} of {name!r} a field of more than {limit} characters begins. Is a quotation mark there never "
    "closed?":
        "{name!r} 从第 {line} 行开始的字段超过 {limit} 个字符。那里是否有引号没有闭合？",
    "Line {line} of {name!r} is not valid JSON (column {column}: {problem}). One object a line is expected, or one "
    "list of objects.":
        "{name!r} 第 {line} 行不是有效的 JSON（第 {column} 列：{problem}）。应为每行一个对象，或一个对象列表。",
    "Line {line} of {name!r} holds JSON that is nested too deeply. Use flat objects.":
        "{name!r} 第 {line} 行的 JSON 嵌套过深，请使用扁平的对象。",
    "Line {line} of {name!r} holds a JSON {kind} where an object is expected, such as {example}.":
        "{name!r} 第 {line} 行是 JSON {kind}，而这里应为对象，例如 {example}。",
    "Line {line} of {name!r} holds a number that is too long.": "{name!r} 第 {line} 行有一个过长的数字。",
}

_COLUMNS = {
    "{name!r} has no column {column!r}. Its columns are {columns}.":
        "{name!r} 没有列 {column!r}。它的列有：{columns}。",
    "{name!r} has no column {column!r}; its column {found!r} was taken for it.":
        "{name!r} 没有列 {column!r}，已用它的列 {found!r} 代替。",
    "{name!r} has no column that looks like labels. Its columns are {columns}; say which holds the labels.":
        "{name!r} 中没有看起来像标签的列。它的列有：{columns}。请指定标签所在的列。",
    "The column {column!r} of {name!r} cannot hold both texts and labels. Choose two columns.":
        "{name!r} 的列 {column!r} 不能既是文本又是标签，请选择不同的列。",
    "No row of {name!r} has both a text ({text!r}) and a label ({label!r}). Are these the right columns?":
        "{name!r} 中没有一行同时有文本（{text!r}）和标签（{label!r}）。列选对了吗？",
    "Column {column!r} of {name!r} holds {count} different label(s), such as {labels}; between 2 and {limit} are "
    "needed. Is it the right column?":
        "{name!r} 的列 {column!r} 有 {count} 种标签，例如 {labels}；需要 2 到 {limit} 种。列选对了吗？",
    "{name!r} has too few rows to set some aside for testing: no label has two different texts. Add rows or a test "
    "file.":
        "{name!r} 的行数太少，无法留出测试数据：没有一个标签有两段不同的文本。请增加数据或提供测试文件。",
    "Row {row} of {name!r} has a text of {length} characters; {limit} are allowed. Shorten or remove it.":
        "{name!r} 第 {row} 行的文本有 {length} 个字符，最多允许 {limit} 个。请缩短或删去该行。",
    "A task of files needs the key {key!r}: the file to train on. Its keys are {keys}.":
        "由文件组成的任务需要键 {key!r}，即训练文件。可用的键：{keys}。",
    "A task of files has no key {key!r}. Its keys are {keys}.": "由文件组成的任务没有键 {key!r}。可用的键：{keys}。",
    "{key!r} is {value!r}; it must be a text.": "{key!r} 是 {value!r}，应为文本。",
    "Column {column!r} is empty in {count} of {total} rows.": "列 {column!r} 在 {total} 行中有 {count} 行为空。",
    "Column {column!r} holds only one label, {label!r}. At least two are needed.":
        "列 {column!r} 只有一种标签 {label!r}，至少需要两种。",
    "Column {column!r} holds {count} different labels; {limit} are allowed. Is it the right column?":
        "列 {column!r} 有 {count} 种标签，最多允许 {limit} 种。列选对了吗？",
    "The labels {label!r} and {other!r} differ only in case, spaces or punctuation.":
        "标签 {label!r} 和 {other!r} 只在大小写、空格或标点上不同。",
    "K = {shots} needs {need} training rows of each label ({shots} to train, {shots} for development), but {label!r} "
    "has {count}. The largest possible K is {most}.":
        "K = {shots} 要求每个标签有 {need} 行训练数据（{shots} 行训练、{shots} 行开发），而 {label!r} 只有 {count} "
        "行。K 最大为 {most}。",
    "{count} of {total} test texts also occur in the training part, such as {text!r}. Results will look better than "
    "they are.":
        "{total} 段测试文本中有 {count} 段也出现在训练数据中，例如 {text!r}。结果会显得比实际更好。",
    "{count} row(s) of {name!r} repeat the text and label of an earlier row.":
        "{name!r} 中有 {count} 行与前面某行的文本和标签重复。",
    "{count} text(s) of {name!r} occur with different labels, such as {text!r}.":
        "{name!r} 中有 {count} 段文本带有不同的标签，例如 {text!r}。",
    "The labels are unbalanced: {most!r} has {most_count} rows, {least!r} has {least_count}. Look at macro F1 beside "
    "accuracy.":
        "标签不平衡：{most!r} 有 {most_count} 行，{least!r} 有 {least_count} 行。除准确率外请同时看宏平均 F1。",
    "Texts have {median} characters in the middle (median) and {longest} at most.":
        "文本长度中位数为 {median} 个字符，最长 {longest} 个字符。",
    "Texts have {median} tokens in the middle (median) and {longest} at most; {limit} fit into the model.":
        "文本长度中位数为 {median} 个词元，最长 {longest} 个；模型最多容纳 {limit} 个。",
    "{count} of {total} texts are longer than {limit} tokens and will be shortened.":
        "{total} 段文本中有 {count} 段超过 {limit} 个词元，将被截短。",
}

_HUB = {
    "There is no task {name!r}.{hint} Tasks that need no network are {bundled}; a data set of the hub is named "
    "{form}.":
        "没有任务 {name!r}。{hint} 无需网络的任务有：{bundled}；Hub 数据集的写法是 {form}。",
    "{name!r} may not be used here. Use one of {known}, or upload a file.":
        "此处不能使用 {name!r}。可用：{known}，或上传文件。",
    "The hub's copy of {name!r} has changed: it holds the label {label!r}, but {labels} are known. Load the data "
    "from a file instead.":
        "Hub 上的 {name!r} 已有变化：其中有标签 {label!r}，而已知的标签是 {labels}。请改为从文件加载数据。",
    "The data set {name!r} cannot be read: {reason}": "数据集 {name!r} 无法读取：{reason}",
    "{name!r} is neither a folder here nor a data set's name on the hub, such as {example}.":
        "{name!r} 既不是本机的文件夹，也不是 Hub 数据集的名称（例如 {example}）。",
    "The hub has no data set {name!r}. Give owner and name.": "Hub 上没有数据集 {name!r}，请给出所有者和名称。",
    "The data set {name!r} holds {kind} files. Choose one of CSV, JSON or Parquet files.":
        "数据集 {name!r} 由 {kind} 文件组成。请选择由 CSV、JSON 或 Parquet 文件组成的数据集。",
    "The hub has no data set {name!r} that may be read from here. Check the name; a gated one needs an account with "
    "access.":
        "Hub 上没有可从此处读取的数据集 {name!r}。请检查名称；受限的数据集需要有权限的账号。",
    "The data set {name!r} could not be fetched, since the hub cannot be reached. Check the network, or use a "
    "bundled task or your own file. With {setting} the library uses what it fetched before.":
        "无法连接 Hub，数据集 {name!r} 下载失败。请检查网络，或使用内置任务或您自己的文件。设置 {setting} "
        "后将使用以前下载过的内容。",
    "The data set {name!r} has no split {split!r}. It has {splits}.":
        "数据集 {name!r} 没有划分 {split!r}。它有：{splits}。",
}

_OWN = {
    "Your own data": "您自己的数据",
    "Source": "来源",
    "Upload files": "上传文件",
    "Files of this computer": "本机文件",
    "Hugging Face hub": "Hugging Face Hub",
    "Training data (required)": "训练数据（必需）",
    "Test data": "测试数据",
    "Texts without labels": "无标签文本",
    "Data set of the hub": "Hub 数据集",
    "Read": "读取",
    "The first rows": "前几行",
    "{n} rows": "{n} 行",
    "{n} columns": "{n} 列",
    "comma": "逗号分隔",
    "semicolon": "分号分隔",
    "tab": "制表符分隔",
    "bar": "竖线分隔",
    "error": "错误",
    "warning": "警告",
    "note": "提示",
    "Column of the text": "文本列",
    "Column of the second text": "第二段文本列",
    "Column of the second text (pairs)": "第二段文本列（文本对）",
    "Column of the label": "标签列",
    "none": "无",
    "Name of the data": "数据名称",
    "Labels: give them readable names": "标签：可改成易读的名称",
    "in the file": "文件中",
    "name": "名称",
    "Use this data": "使用这份数据",
    "Choose the training data too.": "请再选择训练数据。",
    "There is no data yet. Choose the training data.": "还没有数据，请选择训练数据。",
    "This source is not offered here. Upload a file.": "此处不提供这种来源，请上传文件。",
    "{name} is ready: {train} rows to draw from and {test} to test on. It is chosen as the task now.":
        "{name} 已就绪：{train} 行可供抽取，{test} 行用于测试。它已选为当前任务。",
    "{train} rows to draw from · {test} to test on": "{train} 行可供抽取 · {test} 行用于测试",
    "{n} without labels": "{n} 行无标签",
    "Your data sets": "您的数据集",
    "New name": "新名称",
    "Rename": "重命名",
    "Renamed.": "已重命名。",
    "Write the new name into the box first.": "请先在框中写下新名称。",
    "Removed from your list. Runs on it stay.": "已从列表中移除，相关的运行仍然保留。",
}

_USE = {
    "Finished run": "已完成的运行",
    "Download the model (.zip)": "下载模型（.zip）",
    "Train again": "重新训练",
    "Text": "文本",
    "Label": "标签",
    "Probabilities": "概率",
    "Method": "方法",
    "Seed": "种子",
    "Each line is a text of its own": "每行是一段独立的文本",
    "Type or paste a text and press the button.": "请输入或粘贴文本，然后按按钮。",
    "Label it": "打标签",
    "No finished runs yet. Start one under Train; when it is done, it can be used here.":
        "还没有完成的运行。请在“训练”中开始；完成后即可在这里使用。",
    "There is no text yet. Type or paste one.": "还没有文本，请输入或粘贴。",
    "This run labels pairs: {first} first text(s) and {second} second text(s) were given. Give each text its second "
    "text.":
        "该运行处理文本对：给出了 {first} 段第一文本和 {second} 段第二文本。请让每段文本都有对应的第二段。",
    "{count} lines are more than the {limit} that are labelled here. Upload them as a file below.":
        "共 {count} 行，超过此处可处理的 {limit} 行。请在下方以文件上传。",
    "It is being trained again. When it is done, press Refresh and choose it here.":
        "正在重新训练。完成后请点“刷新”并在这里选择它。",
    "This run trained nothing, so it has no weights of its own: it asks the model {model} as it is. You can use that "
    "model by this name anywhere.":
        "该运行没有训练，因此没有自己的权重：它直接使用模型 {model}。您可以在任何地方用这个名称使用该模型。",
    "The trained weights of this run were removed to save space. The same spec gives the same weights again: train "
    "it once more to use it.":
        "为节省空间，该运行训练出的权重已被删除。相同的设置会得到相同的权重：重新训练一次即可使用。",
    "The trained weights of this run were removed to save space. Train it again.":
        "为节省空间，该运行训练出的权重已被删除，请重新训练。",
    "The run {id!r} is not done, so it cannot be used yet.": "运行 {id!r} 尚未完成，还不能使用。",
    "The data of {task!r} changed after the run, so what it answered cannot be made again. Run it again.":
        "{task!r} 的数据在运行之后有变化，无法还原它的回答，请重新运行。",
    "A whole file": "整个文件",
    "CSV, TSV, JSONL or Parquet": "CSV、TSV、JSONL 或 Parquet",
    "Label the file": "为文件打标签",
    "No column is chosen. Upload a file and choose the column of the text.": "尚未选择列。请上传文件并选择文本列。",
    "This run labels pairs of texts. Choose the column of the second text.": "该运行处理文本对，请选择第二段文本列。",
    "Column {column!r} of {name!r} is empty in every row. Choose another column.":
        "{name!r} 的列 {column!r} 在每一行都为空，请选择其他列。",
    "{n} of {total} rows": "{total} 行中的 {n} 行",
    "Labels given": "各标签的数量",
    "rows": "行",
    "Download all rows (CSV)": "下载全部行（CSV）",
}

_TEMPLATES = {  # templates of LM-BFF, OpenPrompt and promptsource
    "Import or export a template": "导入或导出模板",
    "Paste templates, with their label words if they have any, or choose a file: OpenPrompt's or LM-BFF's one a line, also what LM-BFF's search found, or a promptsource file. Nothing in them is ever run.":
        "粘贴模板（可附标签词），或选择文件：OpenPrompt 或 LM-BFF 的模板每行一个，LM-BFF 搜索得到的结果也可以，或 promptsource 文件。其中的内容从不会被执行。",
    "Templates of LM-BFF, OpenPrompt or promptsource": "LM-BFF、OpenPrompt 或 promptsource 的模板",
    "Or a file (.txt, .jsonl, .yaml)": "或文件（.txt、.jsonl、.yaml）",
    "Load the first ticked into the Lab": "把勾选的第一个载入实验台",
    "Export the pattern in the Lab as": "把实验台的模式导出为",
    "Template": "模板",
    "Tick a pattern first.": "请先勾选一个模式。",
    "Loaded.": "已载入。",
    "Patterns found: {n}.": "找到的模式：{n} 个。",
    "The first {n} are shown, the best first if they have scores.": "显示前 {n} 个；有分数时最好的在前。",
    "line {line}": "第 {line} 行",
    "the template": "该模板",
    "{place}: {why}": "{place}：{why}",
    "{place}: its label words are left out. {why}": "{place}：未采用其标签词。{why}",
    "There is no template: the text is empty.": "没有模板：文本是空的。",
    "There is no template that can be used here.": "没有可在此使用的模板。",
    "None of the {count} templates can be used. The first, {place}: {why}": "{count} 个模板都无法使用。第一个（{place}）：{why}",
    "No template of LM-BFF, OpenPrompt or promptsource was found in {text!r}. Theirs look like {stars}, {braces} and {jinja}.":
        "在 {text!r} 中没有找到 LM-BFF、OpenPrompt 或 promptsource 的模板。它们的形式是 {stars}、{braces} 和 {jinja}。",
    "{text!r} is a pattern already. Use it as it is.": "{text!r} 已经是模式，可直接使用。",
    "The text has {length} characters; {limit} are allowed. Use a part of it.": "文本有 {length} 个字符，最多允许 {limit} 个，请只用其中一部分。",
    "The file {name!r} does not hold templates as text ({kind}). Choose a text file, such as .txt, .jsonl or .yaml.":
        "文件 {name!r} 不是模板文本（{kind}）。请选择文本文件，例如 .txt、.jsonl 或 .yaml。",
    "Curly quotation marks were read as straight ones.": "弯引号已按直引号读取。",
    "Columns of the template were taken as follows: {columns}.": "模板的列对应如下：{columns}。",
    "Words were given to the labels in their order: {words}. Check that the template means the same order.": "标签词按标签顺序对应：{words}。请检查模板用的是否是同样的顺序。",
    "Each example of this task brings its own answers, so label words are left out.": "该任务的每个样本自带答案，因此未采用标签词。",
    "There are words for {count} labels; the task has {wanted}: {labels}.": "标签词对应 {count} 个标签，而任务有 {wanted} 个：{labels}。",
    "The text {text!r} holds no words for each of the task's labels. Write those of each label on a line of its own, or {form}.":
        "文本 {text!r} 没有为任务的每个标签给出词。请每行写一个标签的词，或写成 {form}。",
    "There are {count} sets of label words; {limit} are allowed.": "有 {count} 组标签词，最多允许 {limit} 组。",
    "Label words stand alone here; a template needs a pattern.": "这里只有标签词；模板还需要模式。",
    "Taken as columns of the data: {columns}.": "视为数据的列：{columns}。",
    "{option} is {value}; it must be above 0.": "{option} 是 {value}，必须大于 0。",
    "The file {path!r} cannot be read: {why}.": "文件 {path!r} 无法读取：{why}。",
    "The template shows the column {column!r}, which the examples of this task do not have. They have {known}.":
        "模板用到列 {column!r}，而该任务的样本没有这一列。现有：{known}。",
    "The template shows the columns {names}, and it cannot be told which of them stand for {fields}. Rename them in the template.":
        "模板用到列 {names}，无法判断其中哪些对应 {fields}。请在模板中改名。",
    "The template has {length} characters; {limit} are allowed.": "模板有 {length} 个字符，最多允许 {limit} 个。",
    # LM-BFF
    "The LM-BFF template has no {field}: nothing is asked of the model.": "LM-BFF 模板中没有 {field}，等于没有向模型提问。",
    "An LM-BFF template goes from *cls* to *sep+*; here {name} is missing.": "LM-BFF 模板以 *cls* 开始、以 *sep+* 结束；这里缺少 {name}。",
    "{field!r} at character {place} is no field of LM-BFF's. Fields are {known}.": "第 {place} 个字符的 {field!r} 不是 LM-BFF 的字段。可用字段：{known}。",
    "The template's field {field} (character {place}) asks for number {index}; {count} are given, counted from 0.":
        "模板的字段 {field}（第 {place} 个字符）要用编号 {index}，而只给出 {count} 个（从 0 开始编号）。",
    "A pattern cannot take the field {field} (character {place}). It holds sentences 0 and 1; demonstrations are added to it later.":
        "模式不能使用字段 {field}（第 {place} 个字符）。它只含句子 0 和 1；示例在之后加入。",
    "LM-BFF's templates show the first and the second text alone, not {field}. Remove it.": "LM-BFF 模板只能显示第一和第二段文本，不能显示 {field}，请删去。",
    "LM-BFF's templates cannot say the modifiers of {field}. They know lower_first or upper_first, and drop_last.":
        "LM-BFF 模板无法表示 {field} 的修饰符，只支持 lower_first 或 upper_first，以及 drop_last。",
    "LM-BFF's templates cannot hold {char!r} as text (character {place}). Remove it.": "LM-BFF 模板的文字中不能有 {char!r}（第 {place} 个字符），请删去。",
    "LM-BFF would take the text {text!r} (character {place}) for a field. Change it.": "LM-BFF 会把文字 {text!r}（第 {place} 个字符）当作字段，请修改。",
    "LM-BFF takes one word for each label; {label!r} has {count}. Keep one.": "LM-BFF 每个标签只用一个词；{label!r} 有 {count} 个，请保留一个。",
    "Label words are given as {form}, not as {text!r}.": "标签词应写成 {form}，而不是 {text!r}。",
    "The label {label!r} is no label of {task!r}.": "标签 {label!r} 不是 {task!r} 的标签。",
    "The file has no results for the task {task!r}.": "文件中没有任务 {task!r} 的结果。",
    "The score {score!r} is not a number.": "分数 {score!r} 不是数字。",
    "The template {text!r} has {count} masks; one is needed.": "模板 {text!r} 有 {count} 个空位，应恰好有一个。",
    "The line {line!r} is not valid JSON.": "这一行不是有效的 JSON：{line!r}。",
    # OpenPrompt
    "The OpenPrompt template has no {field}: nothing is asked of the model.": "OpenPrompt 模板中没有 {field}，等于没有向模型提问。",
    "The brace at character {place} is not closed.": "第 {place} 个字符的花括号没有闭合。",
    "{text} at character {place} cannot be read. Write a key, {key}, or a dictionary, {example}.": "第 {place} 个字符的 {text} 无法读取。请写成键（{key}）或字典（{example}）。",
    "{text} at character {place} has no kind of OpenPrompt's, or an unknown key. Kinds are {known}.": "第 {place} 个字符的 {text} 没有 OpenPrompt 的类型，或含未知的键。类型有：{known}。",
    "{key!r} at character {place} needs a text as its value.": "第 {place} 个字符的 {key!r} 的值应为文本。",
    "{name!r} (character {place}) has no text to put in.": "{name!r}（第 {place} 个字符）没有可填入的文本。",
    "The post_processing at character {place} is not understood, and code is never run. Understood are {known} and x + \"…\".":
        "第 {place} 个字符的 post_processing 无法识别，而代码从不执行。可识别的有 {known} 和 x + \"…\"。",
    "A pattern cannot say {what} (character {place}): it holds text, text_a, text_b, masks, separators and columns of the data. Soft tokens are trained vectors.":
        "模式无法表示 {what}（第 {place} 个字符）：它只含文字、text_a、text_b、空位、分隔符和数据的列。软词元是训练得到的向量。",
    "OpenPrompt's templates take one change of a text; {field} has several.": "OpenPrompt 模板对一段文本只能做一种修改；{field} 有多种。",
    "OpenPrompt's templates cannot hold a literal brace (character {place}). Remove it.": "OpenPrompt 模板的文字中不能有花括号（第 {place} 个字符），请删去。",
    # promptsource
    "A promptsource template needs label words: its answer choices. Give one word for each label.": "promptsource 模板需要标签词作为候选答案。请为每个标签给出一个词。",
    "The file has {length} characters; {limit} are allowed.": "文件有 {length} 个字符，最多允许 {limit} 个。",
    "The file has {count} templates; {limit} are allowed.": "文件有 {count} 个模板，最多允许 {limit} 个。",
    "The file is no YAML that can be read here: {why}": "文件不是此处可读取的 YAML：{why}",
    "This is no promptsource file: it has no {key}.": "这不是 promptsource 文件：其中没有 {key}。",
    "The template {name!r} of the file has no {key}, or it is no text.": "文件中的模板 {name!r} 没有 {key}，或它不是文本。",
    "The example has a column {column!r}, a name that the template needs. Rename it.": "样本有一列名为 {column!r}，而模板需要这个名字，请改名。",
    "The template has no fixed answer choices, so there are no label words. A pattern needs the same words for every example.":
        "模板没有固定的候选答案，因此没有标签词。模式要求所有样本使用同样的词。",
    "Line {line} of the template computes something from {names}. A pattern shows the columns {columns} as they are.":
        "模板第 {line} 行对 {names} 做了计算。模式只能原样显示列 {columns}。",
    "Line {line} of the template shows the answer choices, and none are given. Give the template with its {key}.":
        "模板第 {line} 行显示候选答案，但没有给出。请连同 {key} 一起给出模板。",
    "The template's target is not {target} alone, so it does not ask for a label word.": "模板的目标不只是 {target}，因此它问的不是标签词。",
    "The template gives the answer away: it shows {answer} before {separator}.": "模板泄露了答案：它在 {separator} 之前显示了 {answer}。",
    "A pattern has no conditions, loops or assignments; the template has one in line {line}.": "模式没有条件、循环或赋值，而模板第 {line} 行有。",
    "promptsource asks for the end of a text: {field} must stand at the end of the pattern, and only there.":
        "promptsource 让模型续写文本结尾：{field} 必须且只能位于模式末尾。",
    "promptsource's templates cannot say {text!r} (character {place}).": "promptsource 模板无法表示 {text!r}（第 {place} 个字符）。",
    "promptsource takes one word for each label, without {separator}; {label!r} has {words}.": "promptsource 每个标签只用一个词，且不含 {separator}；{label!r} 有 {words}。",
    "Jinja cannot read the template (line {line}): {why}": "Jinja 无法读取模板（第 {line} 行）：{why}",
    "The template uses {what!r} (line {line}), which is not offered here.": "模板使用了 {what!r}（第 {line} 行），此处不支持。",
    "The template uses {operator!r} on something other than moderate numbers.": "模板把 {operator!r} 用于不是适中数字的内容。",
    "The template counts to {count}; {limit} is the limit.": "模板要数到 {count}，上限是 {limit}。",
    "The template does too much work: more than {limit} steps.": "模板的计算量过大：超过 {limit} 步。",
    "The template writes more than {limit} characters.": "模板写出的文字超过 {limit} 个字符。",
    "The template fails: {why}": "模板执行失败：{why}",
}

CHINESE_DATA: dict[str, str] = {**_READING, **_COLUMNS, **_HUB, **_OWN, **_USE, **_TEMPLATES}
