"""Chinese pairs: those of FewCLUE's PET baseline (arXiv 2107.07498), and our own.

Chinese vocabularies hold characters, so a word of two characters needs two masks.
"""

from __future__ import annotations

from core.prompts.library.entry import PublishedPVP

_FEWCLUE = "FewCLUE, PET baseline"
_OWN = "Cloze Lab"
_TOPICS = (
    "故事",
    "文化",
    "娱乐",
    "体育",
    "财经",
    "房产",
    "汽车",
    "教育",
    "科技",
    "军事",
    "旅游",
    "国际",
    "股票",
    "农业",
    "电竞",
)
_CHARACTERS = "故文娱体财房车教科军旅国股农电"
_FIRST_CHARACTERS = {
    topic: [character] for topic, character in zip(_TOPICS, _CHARACTERS, strict=True)
}
_TWO_MASKS = "Two masks: every word has two characters."

CHINESE: tuple[PublishedPVP, ...] = (
    PublishedPVP("eprstmt", "{mask}满意。{text_a}", {"负面": ["不"], "正面": ["很"]}, _FEWCLUE),
    PublishedPVP(
        "eprstmt", "{text_a}总之，这次购物很{mask}。", {"负面": ["差"], "正面": ["好"]}, _OWN
    ),
    PublishedPVP("eprstmt", "评价：{mask}。{text_a}", {"负面": ["差"], "正面": ["好"]}, _OWN),
    PublishedPVP("eprstmt", "{text_a}我{mask}喜欢。", {"负面": ["不"], "正面": ["很"]}, _OWN),
    PublishedPVP(
        "tnews",
        "下面报导一则{mask}{mask}新闻。{text_a}",
        {topic: [topic] for topic in _TOPICS},
        _FEWCLUE,
        _TWO_MASKS,
    ),
    PublishedPVP("tnews", "{mask}：{text_a}", _FIRST_CHARACTERS, _OWN),
    PublishedPVP("tnews", "{text_a}关键字：{mask}。", _FIRST_CHARACTERS, _OWN),
    PublishedPVP(
        "ocnli",
        "{text_a}？{mask}{mask},{text_b}",
        {"entailment": ["是的"], "neutral": ["并且"], "contradiction": ["不是"]},
        _FEWCLUE,
        _TWO_MASKS,
    ),
    PublishedPVP(
        "ocnli",
        "{mask}近的两个句子。第一个句子是：{text_a}；第二个句子是：{text_b}",
        {"entailment": ["很"], "neutral": ["无"], "contradiction": ["不"]},
        f"{_FEWCLUE}, one word",
    ),
    PublishedPVP(
        "ocnli",
        "{text_a|strip_punctuation}？{mask}，{text_b}",
        {"entailment": ["是"], "neutral": ["或"], "contradiction": ["不"]},
        _OWN,
    ),
)
