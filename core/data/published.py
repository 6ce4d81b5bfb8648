"""The published tasks of the catalogue: where they are on the hub and their labels' names here."""

from __future__ import annotations

from core.data.card import HubSource, TaskCard
from core.data.columns import ColumnMap
from core.data.task import classification, multiple_choice

_GLUE = "nyu-mll/glue"
_SUPERGLUE = "aps/super_glue"
_POLARITY = classification("negative", "positive")
_NEWS = classification("world", "sports", "business", "technology")
_INFERENCE = classification("entailment", "neutral", "contradiction", pairs=True)
_ENTAILED = classification("entailment", "not_entailment", pairs=True)
_SENTENCE = ColumnMap("sentence", "label")
_TEXT = ColumnMap("text", "label")
_LABEL_TEXT = ColumnMap("text", "label_text")
_TWO_SENTENCES = ColumnMap("sentence1", "label", "sentence2")
_PREMISE_FIRST = ColumnMap("premise", "label", "hypothesis")


def _as_named(*labels: str) -> dict[str, str]:
    """For data whose label column holds the names themselves."""
    return {label: label for label in labels}


SENTIMENT: tuple[TaskCard, ...] = (
    TaskCard(
        "sst2",
        "SST-2",
        "Sentences from film reviews, negative or positive.",
        _POLARITY,
        hub=HubSource("stanfordnlp/sst2", _SENTENCE, test="validation"),
        paper="Socher et al., 2013",
    ),
    TaskCard(
        "sst5",
        "SST-5",
        "Sentences from film reviews on a scale of five.",
        classification("very negative", "negative", "neutral", "positive", "very positive"),
        hub=HubSource(
            "SetFit/sst5",
            _LABEL_TEXT,
            values=_as_named("very negative", "negative", "neutral", "positive", "very positive"),
        ),
        paper="Socher et al., 2013",
    ),
    TaskCard(
        "mr",
        "MR",
        "Snippets of film reviews, negative or positive.",
        _POLARITY,
        hub=HubSource("cornell-movie-review-data/rotten_tomatoes", _TEXT),
        paper="Pang & Lee, 2005",
    ),
    TaskCard(
        "cr",
        "CR",
        "Sentences from customer reviews of products, negative or positive.",
        _POLARITY,
        hub=HubSource("SetFit/CR", _LABEL_TEXT, values=_as_named(*_POLARITY.labels)),
        paper="Hu & Liu, 2004",
    ),
    TaskCard(
        "mpqa",
        "MPQA",
        "Short opinion phrases from the news, negative or positive.",
        _POLARITY,
        hub=HubSource("jxm/mpqa", _SENTENCE),
        paper="Wiebe et al., 2005",
    ),
    TaskCard(
        "imdb",
        "IMDB",
        "Whole film reviews, negative or positive.",
        _POLARITY,
        hub=HubSource("stanfordnlp/imdb", _TEXT),
        paper="Maas et al., 2011",
    ),
    TaskCard(
        "yelp_full",
        "Yelp full",
        "Reviews of businesses with one to five stars.",
        classification("1 star", "2 stars", "3 stars", "4 stars", "5 stars"),
        hub=HubSource("Yelp/yelp_review_full", _TEXT),
        paper="Zhang et al., 2015",
        licence="Yelp Dataset License",
    ),
    TaskCard(
        "yelp_polarity",
        "Yelp polarity",
        "Reviews of businesses, negative or positive.",
        _POLARITY,
        hub=HubSource("fancyzhx/yelp_polarity", _TEXT),
        paper="Zhang et al., 2015",
        licence="Yelp Dataset License",
    ),
)

TOPICS_AND_TYPES: tuple[TaskCard, ...] = (
    TaskCard(
        "ag_news",
        "AG News",
        "News items, headline and body in one text, in four sections.",
        _NEWS,
        hub=HubSource("fancyzhx/ag_news", _TEXT),
        paper="Zhang et al., 2015",
    ),
    TaskCard(
        "ag_news_pairs",
        "AG News (pairs)",
        "News items in four sections, headline and body as two texts.",
        classification(*_NEWS.labels, pairs=True),
        hub=HubSource(
            "sh0416/ag_news",
            ColumnMap("title", "label", "description"),
            values={"1": "world", "2": "sports", "3": "business", "4": "technology"},
        ),
        paper="Zhang et al., 2015",
    ),
    TaskCard(
        "yahoo",
        "Yahoo Answers",
        "Questions and their best answers in ten topics.",
        classification(
            "society",
            "science",
            "health",
            "education",
            "computers",
            "sports",
            "business",
            "entertainment",
            "relationships",
            "politics",
            pairs=True,
        ),
        hub=HubSource(
            "community-datasets/yahoo_answers_topics",
            ColumnMap("question_title", "topic", "best_answer"),
        ),
        paper="Zhang et al., 2015",
    ),
    TaskCard(
        "dbpedia",
        "DBpedia-14",
        "Titles and first lines of Wikipedia articles, by the kind of thing described.",
        classification(
            "company",
            "school",
            "artist",
            "athlete",
            "politician",
            "transportation",
            "building",
            "nature",
            "village",
            "animal",
            "plant",
            "album",
            "film",
            "book",
            pairs=True,
        ),
        hub=HubSource("fancyzhx/dbpedia_14", ColumnMap("title", "label", "content")),
        paper="Zhang et al., 2015",
        licence="CC BY-SA 3.0",
    ),
    TaskCard(
        "trec",
        "TREC",
        "Questions by the type of their answer.",
        classification("abbreviation", "entity", "description", "human", "location", "number"),
        hub=HubSource(
            "SetFit/TREC-QC",
            ColumnMap("text", "label_coarse_original"),
            values={
                "ABBR": "abbreviation",
                "ENTY": "entity",
                "DESC": "description",
                "HUM": "human",
                "LOC": "location",
                "NUM": "number",
            },
        ),
        paper="Li & Roth, 2002",
    ),
    TaskCard(
        "subj",
        "Subj",
        "Sentences from reviews (subjective) and plot summaries (objective).",
        classification("subjective", "objective"),
        hub=HubSource("SetFit/subj", _LABEL_TEXT, values=_as_named("subjective", "objective")),
        paper="Pang & Lee, 2004",
    ),
    TaskCard(
        "cola",
        "CoLA",
        "Sentences that are acceptable English, or not.",
        classification("not acceptable", "acceptable"),
        hub=HubSource(_GLUE, _SENTENCE, config="cola", test="validation"),
        paper="Warstadt et al., 2019",
    ),
)

PAIRS: tuple[TaskCard, ...] = (
    TaskCard(
        "mnli",
        "MNLI",
        "Does the premise entail or contradict the hypothesis? Texts of ten genres.",
        _INFERENCE,
        hub=HubSource(_GLUE, _PREMISE_FIRST, config="mnli", test="validation_matched"),
        paper="Williams et al., 2018",
    ),
    TaskCard(
        "snli",
        "SNLI",
        "Does the caption entail or contradict the hypothesis?",
        _INFERENCE,
        hub=HubSource("stanfordnlp/snli", _PREMISE_FIRST),
        paper="Bowman et al., 2015",
        licence="CC BY-SA 4.0",
    ),
    TaskCard(
        "rte",
        "RTE",
        "Does the text entail the hypothesis?",
        _ENTAILED,
        hub=HubSource(_GLUE, _TWO_SENTENCES, config="rte", test="validation"),
        paper="Dagan et al., 2005; Bentivogli et al., 2009",
    ),
    TaskCard(
        "qnli",
        "QNLI",
        "Does the sentence answer the question?",
        _ENTAILED,
        hub=HubSource(
            _GLUE, ColumnMap("question", "label", "sentence"), config="qnli", test="validation"
        ),
        paper="Rajpurkar et al., 2016; Wang et al., 2019",
        licence="CC BY-SA 4.0",
    ),
    TaskCard(
        "mrpc",
        "MRPC",
        "Do two sentences from the news say the same?",
        classification("not_equivalent", "equivalent", pairs=True),
        hub=HubSource(_GLUE, _TWO_SENTENCES, config="mrpc", test="validation"),
        paper="Dolan & Brockett, 2005",
    ),
    TaskCard(
        "qqp",
        "QQP",
        "Do two questions ask the same?",
        classification("not_duplicate", "duplicate", pairs=True),
        hub=HubSource(
            _GLUE, ColumnMap("question1", "label", "question2"), config="qqp", test="validation"
        ),
        paper="Iyer et al., 2017",
    ),
    TaskCard(
        "cb",
        "CommitmentBank",
        "Is the author of the text committed to the clause?",
        classification("entailment", "contradiction", "neutral", pairs=True),
        hub=HubSource(_SUPERGLUE, _PREMISE_FIRST, config="cb", test="validation"),
        paper="de Marneffe et al., 2019",
    ),
    TaskCard(
        "boolq",
        "BoolQ",
        "Yes/no questions about a passage.",
        classification("no", "yes", pairs=True),
        hub=HubSource(
            "google/boolq",
            ColumnMap("passage", "answer", "question"),
            test="validation",
            values={"false": "no", "true": "yes"},
        ),
        paper="Clark et al., 2019",
        licence="CC BY-SA 3.0",
    ),
    TaskCard(
        "wic",
        "WiC",
        "Is a word used in the same sense in both sentences?",
        classification("no", "yes", pairs=True, columns=("word",)),
        hub=HubSource(
            _SUPERGLUE,
            ColumnMap("sentence1", "label", "sentence2"),
            config="wic",
            test="validation",
        ),
        paper="Pilehvar & Camacho-Collados, 2019",
        licence="CC BY-NC 4.0",
    ),
)

READING: tuple[TaskCard, ...] = (
    TaskCard(
        "multirc",
        "MultiRC",
        "Is this answer to the question right, by the passage?",
        classification("no", "yes", columns=("question", "answer")),
        hub=HubSource(
            _SUPERGLUE, ColumnMap("paragraph", "label"), config="multirc", test="validation"
        ),
        paper="Khashabi et al., 2018",
    ),
    TaskCard(
        "wsc",
        "WSC",
        "Does the pronoun refer to this noun?",
        classification("no", "yes", columns=("span1", "span2")),
        hub=HubSource(_SUPERGLUE, ColumnMap("text", "label"), config="wsc", test="validation"),
        paper="Levesque et al., 2012",
        licence="CC BY 4.0",
    ),
    TaskCard(
        "copa",
        "COPA",
        "Which of two answers is the cause or effect? Multiple choice.",
        multiple_choice("choice1", "choice2", columns=("joiner",)),
        hub=HubSource(_SUPERGLUE, ColumnMap("premise", "label"), config="copa", test="validation"),
        paper="Roemmele et al., 2011",
        licence="BSD 2-Clause",
    ),
    TaskCard(
        "record",
        "ReCoRD",
        "Which of the names in the passage fills the gap? Multiple choice.",
        multiple_choice(),
        hub=HubSource(_SUPERGLUE, None, config="record", test="validation"),
        paper="Zhang et al., 2018",
    ),
)

CHINESE: tuple[TaskCard, ...] = (
    TaskCard(
        "eprstmt",
        "EPRSTMT",
        "Reviews from a Chinese online shop; this copy puts an instruction before each one.",
        classification("负面", "正面"),
        language="zh",
        hub=HubSource(
            "suolyer/eprstmt", ColumnMap("input", "output"), values=_as_named("负面", "正面")
        ),
        paper="Xu et al., 2021 (FewCLUE)",
    ),
    TaskCard(
        "tnews",
        "TNEWS",
        "Chinese news headlines in fifteen topics.",
        classification(
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
        ),
        language="zh",
        hub=HubSource("clue/clue", _SENTENCE, config="tnews", test="validation"),
        paper="Xu et al., 2020 (CLUE)",
    ),
    TaskCard(
        "ocnli",
        "OCNLI",
        "Does the premise entail or contradict the hypothesis? Written in Chinese.",
        _INFERENCE,
        language="zh",
        hub=HubSource(
            "clue/clue",
            _TWO_SENTENCES,
            config="ocnli",
            test="validation",
            values={"0": "neutral", "1": "entailment", "2": "contradiction"},
        ),
        paper="Hu et al., 2020",
    ),
)
