"""The Compare tab and its figures in Chinese."""

from __future__ import annotations

CHINESE_COMPARE: dict[str, str] = {
    # choosing runs, their table and downloads
    "Studies": "研究",
    "Single runs": "单次运行",
    "Measure": "指标",
    "Download CSV": "下载 CSV",
    "Download JSON": "下载 JSON",
    "Download the study (YAML)": "下载研究文件（YAML）",
    "No finished runs yet: start a study under Train.": "还没有完成的运行：请在“训练”中开始一项研究。",
    "Choose a study or single runs.": "请选择研究或单次运行。",
    "The table shows the first {limit} of {n} runs; figures and downloads have all.":
        "表格只显示 {n} 次运行中的前 {limit} 次；图表和下载包含全部运行。",
    "The same for all:": "全部相同：",
    "Macro F1": "宏平均 F1",
    "K": "K",
    "Seconds": "秒数",
    "{low} to {high}": "{low} 至 {high}",
    # a paper's figures beside a study
    "The paper's own figures": "论文自身的结果",
    "here, K = {shots}": "本应用，K = {shots}",
    "here, no examples": "本应用，无样本",
    "paper, {n} examples": "论文，{n} 个样本",
    # accuracy and stability
    "Mean, spread and every run": "均值、离散程度与每次运行",
    "More examples": "更多样本",
    "Stability": "稳定性",
    "How much results vary over": "结果随什么变化",
    "seeds": "随机种子",
    "patterns": "模式",
    "Mean ± sd": "均值 ± 标准差",
    "sd": "标准差",
    "Lowest": "最低",
    "Highest": "最高",
    # differences
    "Differences": "差异",
    "Differences between": "比较对象",
    "methods": "方法",
    "methods with their patterns": "方法及其模式",
    "{n} more comparisons are in the table below.": "下表中还有 {n} 项比较。",
    "Paired differences": "配对差异",
    "{a} beats {b} by {difference} on average over {n} paired runs; 95 % interval {low} to {high}, p {p} after Holm's "
    "correction.":
        "在 {n} 对配对运行上，{a} 平均优于 {b}，相差 {difference}；95 % 区间 {low} 至 {high}，经 Holm 校正后 p {p}。",
    "No difference between {a} and {b} can be told from these {n} paired runs: {difference} on average, 95 % interval "
    "{low} to {high}, p {p} after Holm's correction.":
        "从这 {n} 对配对运行看不出 {a} 与 {b} 有差异：平均相差 {difference}，95 % 区间 {low} 至 {high}，经 Holm 校正后 p {p}。",
    "No difference can be told from these runs: a paired comparison needs two methods with at least two runs each of the "
    "same seeds or patterns.":
        "从这些运行看不出差异：配对比较需要两种方法，且各有至少两次种子或模式相同的运行。",
    "{value} points": "{value} 个百分点",
    "A": "A",
    "B": "B",
    "A − B": "A − B",
    "Pairs": "配对数",
    "p (t-test)": "p（t 检验）",
    "p (sign flips)": "p（符号翻转检验）",
    "p (Holm)": "p（Holm 校正）",
    # confusion and reliability
    "One run, or all its seeds together": "单次运行，或其全部种子合并",
    "{n} seeds together": "{n} 个种子合并",
    "Download predictions (CSV)": "下载预测结果（CSV）",
    "Reliability": "可靠性",
    # examples
    "Examples": "样本",
    "Examples with": "显示哪些样本",
    "A right, B wrong": "A 对 B 错",
    "B right, A wrong": "B 对 A 错",
    "both wrong": "都错",
    "right": "正确",
    "wrong": "错误",
    "Previous page": "上一页",
    "Next page": "下一页",
    "{start}–{end} of {n}": "第 {start}–{end} 个，共 {n} 个",
    "There is no such example.": "没有这样的样本。",
    "comes with the app": "随应用提供",
    "Comparisons that come with the app have no single answers here. Choose runs of your own.":
        "随应用提供的比较没有单条回答，请选择自己的运行。",
    "Choose two finished runs of the same task.": "请选择同一任务的两次已完成的运行。",
    "These two runs were measured on different examples. Choose two runs of the same task.":
        "这两次运行评测的样本不同。请选择同一任务的两次运行。",
    "Of {n} examples, A has {a} right and B {b}; {only_a} only A, {only_b} only B.":
        "在 {n} 个样本中，A 答对 {a} 个，B 答对 {b} 个；仅 A 答对 {only_a} 个，仅 B 答对 {only_b} 个。",
    "A − B: {difference}, 95 % interval {low} to {high}; McNemar's exact test p {p}.":
        "A − B：{difference}，95 % 区间 {low} 至 {high}；McNemar 精确检验 p {p}。",
    "This is more than chance over these examples.": "在这些样本上，差异超出偶然。",
    "No difference can be told from these examples.": "从这些样本看不出差异。",
    # figures
    "No finished runs to show yet.": "还没有可显示的已完成运行。",
    "No predictions to show yet.": "还没有可显示的预测。",
    "mean ± sd": "均值 ± 标准差",
    "Large: mean. Thick: ± sd. Thin: 95% interval. Small: runs.": "大点：均值。粗线：± 标准差。细线：95% 区间。小点：各次运行。",
    "One run each: run more seeds to see how much the result varies.": "每组只有一次运行：请多跑几个种子，以观察结果的波动。",
    "A box: one method with one pattern. A point: one seed.": "一个箱：一种方法配一个模式。一个点：一个种子。",
    "A box: one method. A point: the mean of one pattern over its seeds.": "一个箱：一种方法。一个点：一个模式在各种子上的均值。",
    "One pattern each: run more patterns to see how much the wording matters.":
        "每组只有一个模式：请多试几个模式，以观察措辞的影响。",
    "Training examples per label (K)": "每个标签的训练样本数 (K)",
    "A curve needs runs with several K, e.g. 8, 16 and 32.": "曲线需要多个 K 值的运行，例如 8、16 和 32。",
    "no training examples": "无训练样本",
    "(no pattern)": "（无模式）",
    "K = {shots}": "K = {shots}",
    "K = {shots}, seed {seed}": "K = {shots}，种子 {seed}",
    "{seconds} s": "{seconds} 秒",
    "{value}, one run": "{value}，一次运行",
    "mean {mean} of {n} runs": "{n} 次运行的均值 {mean}",
    "sd {sd}, 95% interval {low} to {high}": "标准差 {sd}，95% 区间 {low} 至 {high}",
    "95% interval over examples {low} to {high}": "按样本计的 95% 区间 {low} 至 {high}",
    "{metric}: difference": "{metric}之差",
    "difference, p": "差值，p",
    "percentage points; right of zero, the first is higher": "百分点；零线右侧表示前者更高",
    "right of zero, the first is higher": "零线右侧表示前者更高",
    "p < {level}": "p < {level}",
    "p ≥ {level}": "p ≥ {level}",
    "Nothing to compare yet: two methods need two runs each with the same seeds.":
        "还没有可比较的内容：需要两种方法，且各有两次种子相同的运行。",
    "difference {difference}, 95% interval {low} to {high}, over {n} pairs":
        "差值 {difference}，95% 区间 {low} 至 {high}，共 {n} 对",
    "Holm-corrected {p}": "Holm 校正后 {p}",
    "uncorrected: t-test {p_t}, sign flips {p_flips}": "未校正：t 检验 {p_t}，符号翻转检验 {p_flips}",
    "Gold": "真实标签",
    "Predicted": "预测标签",
    "share of the row": "占该行比例",
    "gold {gold}, predicted {predicted}: {count} examples, {share} of the row":
        "真实 {gold}，预测 {predicted}：{count} 个样本，占该行 {share}",
    "Share right": "正确比例",
    "ideal": "理想情况",
    "measured, with 95% interval": "实测，含 95% 区间",
    "Confidence (highest probability)": "置信度（最高概率）",
    "Expected calibration error: {error} points over {n} examples.": "期望校准误差：{error} 个百分点，基于 {n} 个样本。",
    "{n} examples, confidence {confidence}, right {accuracy} (95% interval {low} to {high})":
        "{n} 个样本，置信度 {confidence}，正确率 {accuracy}（95% 区间 {low} 至 {high}）",
    # errors of paired comparisons
    "There are no values to summarise. Choose runs that are done.": "没有可汇总的数值。请选择已完成的运行。",
    "A paired comparison needs as many values on both sides; there are {a} and {b}. Compare runs of the same seeds or "
    "examples.": "配对比较要求两侧数量相同，而现在是 {a} 和 {b}。请比较种子或样本相同的运行。",
    "A paired comparison needs at least {needed} pairs; there are {count}. Run more seeds or patterns of both methods.":
        "配对比较至少需要 {needed} 对，而现在有 {count} 对。请为两种方法多跑一些种子或模式。",
    # metrics
    "Exact match": "完全匹配",
    "Scores": "得分",
    "{metric} on development examples": "开发集{metric}",
    "{metric} (development)": "{metric}（开发集）",
    "{metric} on the test rows": "测试行上的{metric}",
    "{metric} (lower is better)": "{metric}（越低越好）",
    "{metric} in %, mean ± standard deviation. The paper: {source}.": "{metric}（%），均值 ± 标准差。论文：{source}。",
    "{metric}, mean ± standard deviation. The paper: {source}.": "{metric}，均值 ± 标准差。论文：{source}。",
    "A better": "A 更好",
    "B better": "B 更好",
    "equally good": "同样好",
    "references": "参考文本",
    "Of {n} examples, A is better on {a} and B on {b}.": "在 {n} 个样本中，A 在 {a} 个上更好，B 在 {b} 个上更好。",
    "{metric}, mean over examples, A − B: {difference}, 95 % interval {low} to {high}.":
        "{metric}，样本均值，A − B：{difference}，95 % 区间 {low} 至 {high}。",
}
