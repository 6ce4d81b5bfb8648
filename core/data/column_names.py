"""What columns of text and labels are usually called."""

from __future__ import annotations

import re

PAIRS = (
    ("texta", "textb"), ("sentence1", "sentence2"), ("premise", "hypothesis"),
    ("question1", "question2"), ("text1", "text2"), ("question", "sentence"),
    ("question", "passage"), ("query", "document"), ("query", "passage"), ("claim", "evidence"),
    ("文本a", "文本b"), ("文本1", "文本2"), ("句子1", "句子2"), ("句子a", "句子b"),
    ("前提", "假设"),
)
TEXTS = (
    "texta", "text", "sentence", "sentence1", "premise", "review", "reviewtext", "content",
    "comment", "tweet", "message", "document", "passage", "body", "utterance", "query", "question",
    "description", "headline", "title",
    "文本", "句子", "内容", "评论", "正文", "文本内容", "评论内容", "新闻", "问题", "标题",
    "texte", "phrase", "satz", "texto",
)
SOURCES_AND_TARGETS = (  # of texts to be written
    ("document", "summary"), ("article", "summary"), ("article", "highlights"),
    ("dialogue", "summary"), ("text", "summary"), ("input", "output"), ("prompt", "completion"),
)
LABELS = (
    "label", "labels", "goldlabel", "class", "classindex", "category", "target", "sentiment",
    "polarity", "topic", "intent", "emotion", "labeltext", "coarselabel", "y", "gold", "rating",
    "stars", "标签", "标注", "类别", "分类", "类标", "情感", "情感倾向", "极性",
    "étiquette", "etiquette", "classe", "kategorie", "klasse", "categoría", "etiqueta",
)
WRITTEN = ("source", "reference", "references", "output")  # where answers are texts
_NUMBERS = ("id", "index", "idx", "guid", "编号", "序号")
_FORMS = ("mr", "ref", "meaningrepresentation", "humanreference")  # of published data
_KNOWN = {*TEXTS, *LABELS, *WRITTEN, *_NUMBERS, *_FORMS,
          *(name for pair in (*PAIRS, *SOURCES_AND_TARGETS) for name in pair)}


def plain(name: str) -> str:
    """A name without case, spaces, hyphens and underscores, as the tables above hold it."""
    return re.sub(r"[\s_\-]+", "", name.casefold())


def is_known(name: str) -> bool:
    """Whether `name` is a usual name of a column."""
    return plain(name) in _KNOWN


def is_number(name: str) -> bool:
    """Whether columns of that name usually number the rows."""
    return plain(name) in _NUMBERS
