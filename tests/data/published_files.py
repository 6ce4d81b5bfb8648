"""Small files in the layouts of published data whose answers are texts; all sentences are ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

E2E = """mr,ref
"name[The Oak], eatType[pub], near[Hill Inn]",The Oak is a pub next to Hill Inn.
"name[The Oak], eatType[pub], near[Hill Inn]","Near Hill Inn stands a pub, The Oak."
"name[Lime], food[Thai], priceRange[cheap]",Lime cooks cheap Thai meals.
"""

WEBNLG = """<?xml version="1.0" encoding="utf-8"?>
<benchmark>
  <entries>
    <entry category="Building" eid="Id1" size="2">
      <originaltripleset>
        <otriple>Oak_Hall | built | 1880</otriple>
      </originaltripleset>
      <modifiedtripleset>
        <mtriple>Oak_Hall | yearBuilt | 1880</mtriple>
        <mtriple>Oak_Hall | town | "Rye &amp; Winchelsea"</mtriple>
      </modifiedtripleset>
      <lex comment="good" lid="Id1">Oak Hall in Rye &amp; Winchelsea dates from 1880.</lex>
      <lex comment="toFix" lid="Id2">Oak Hall hall.</lex>
      <lex comment="good" lid="Id3">Built in 1880, Oak Hall
        stands in Rye &amp; Winchelsea.</lex>
    </entry>
    <entry category="Food" eid="Id2" size="1">
      <modifiedtripleset>
        <mtriple>Plum_cake | ingredient | Plum</mtriple>
      </modifiedtripleset>
      <lex comment="good" lid="Id1">There are plums in plum cake.</lex>
    </entry>
  </entries>
</benchmark>
"""

WEBNLG_3 = """<benchmark><entries>
<entry category="Food" eid="1" shape="(X (X))" shape_type="chain" size="1">
<modifiedtripleset><mtriple>Plum_cake | ingredient | Plum</mtriple></modifiedtripleset>
<lex comment="" lang="en" lid="Id1">Plum cake has plums in it.</lex>
<lex comment="" lang="ru" lid="Id2">В сливовом пироге есть сливы.</lex>
<dbpedialinks/><links/>
</entry>
</entries></benchmark>
"""

WEBNLG_ENRICHED = """<benchmark><entries>
<entry category="Food" eid="1" size="1">
<modifiedtripleset><mtriple>Plum_cake | ingredient | Plum</mtriple></modifiedtripleset>
<lex comment="good" lid="Id1"><references><reference tag="AGENT-1"/></references>
<text>Plum cake has plums in it.</text><template>AGENT-1 has PATIENT-1 in it.</template></lex>
</entry>
</entries></benchmark>
"""

DART_XML = """<benchmark><entries>
<entry category="MISC" eid="Id1" size="1">
<modifiedtripleset><mtriple>Rye | TOWN_HALL | Oak Hall</mtriple></modifiedtripleset>
<lex comment="WikiTableQuestions_lily" lid="Id1">Oak Hall is the town hall of Rye.</lex>
</entry>
</entries></benchmark>
"""

DART: list[dict[str, Any]] = [
    {"tripleset": [["Oak Hall", "YEAR_BUILT", "1880"], ["Oak Hall", "TOWN", "Rye"]],
     "subtree_was_extended": False,
     "annotations": [{"source": "WikiSQL_lily", "text": "Oak Hall in Rye dates from 1880."},
                     {"source": "WikiSQL_lily", "text": "Rye's Oak Hall was built in 1880."}]},
    {"tripleset": [["Plum cake", "ingredient", "plum"]],
     "subtree_was_extended": True,
     "annotations": [{"source": "webnlg", "text": "Plum cake is made of plums."}]},
]

XSUM = [
    {"document": "A fox ran through the market at noon. Two stalls fell over. Nobody was hurt.",
     "summary": "A fox has caused damage on a market.", "id": "1"},
    {"document": "The bridge over the Wend closes on Monday. Work on it will take six weeks.",
     "summary": "A bridge closes for repairs.", "id": "2"},
]

SQUAD: dict[str, Any] = {"version": "1.1", "data": [
    {"title": "Rye", "paragraphs": [
        {"context": "Oak Hall was built in 1880 by Ada Hill.", "qas": [
            {"id": "a", "question": "Who built Oak Hall?",
             "answers": [{"text": "Ada Hill", "answer_start": 30},
                         {"text": "by Ada Hill", "answer_start": 27},
                         {"text": "Ada Hill", "answer_start": 30}]},
            {"id": "b", "question": "When was it built?",
             "answers": [{"text": "1880", "answer_start": 22}]}]}]},
    {"title": "Cakes", "paragraphs": [
        {"context": "Plum cake is eaten in autumn.", "qas": [
            {"id": "c", "question": "When is plum cake eaten?",
             "answers": [{"text": "in autumn", "answer_start": 19}]},
            {"id": "d", "question": "Who bakes it?", "is_impossible": True, "answers": []}]}]},
]}

STSB = """index\tgenre\tscore\tsentence1\tsentence2
0\tnews\t5.000\tA fox ran off.\tA fox "ran away".
1\tnews\t0.40\tA bridge closes.\tPlums are ripe.
2\tforum\t2\tThe hall is old.\tThe old hall is closed.
"""


def write(folder: Path, name: str, content: object) -> Path:
    """A file of a text, or of anything else as JSON."""
    path = folder / name
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    path.write_text(text, encoding="utf-8")
    return path
