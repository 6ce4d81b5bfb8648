"""Delimiters, quoting and headers of delimited text."""

import pytest

from core.data.delimited import find_delimiter, has_header, read_grid
from core.errors import DataError, LimitError

ROWS = [["text", "label"], ["one, two; three | four", "1"], ["five", "0"]]


def rows(text, most=100):
    return read_grid(text, "a.csv", most).rows


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_quoted_delimiters_do_not_mislead(delimiter):
    lines = [delimiter.join(f'"{cell}"' if len(cell) > 9 else cell for cell in row) for row in ROWS]
    found = read_grid("\n".join(lines), "a.csv", 100)
    assert (found.delimiter, found.rows) == (delimiter, ROWS)


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("text;label\nschön, gut, billig;1\nschlecht;0\n", ";"),
        ("good, bad\tpos\nnice, fine\tneg\n", "\t"),
        ("a|b\n1, 2|3; 4\n", "|"),
        ("text,label\nunquoted, comma,1\nanother, comma, here,0\nfine,1\n", ","),
        ("A sentence.\nAnother, with a comma.\nA third, with, two.\nA fourth one.\n", ""),
        ("text\nA sentence, with commas, of course.\n", ""),
        ("sep=;\na;b,c\n", ";"),
    ],
)
def test_find_delimiter(text, delimiter):
    assert read_or_find(text) == delimiter


def read_or_find(text):
    return (
        read_grid(text, "a.csv", 10).delimiter if text.startswith("sep=") else find_delimiter(text)
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('text,label\n"first\nsecond",1\n', [["text", "label"], ["first\nsecond", "1"]]),
        ('text,label\n"say ""hi""",1\n', [["text", "label"], ['say "hi"', "1"]]),
        ('text,label\n"say \\"hi\\", now",1\n', [["text", "label"], ['say "hi", now', "1"]]),
        ('text,label\nsay "hi",1\n', [["text", "label"], ['say "hi"', "1"]]),
        ('" open quote\t1\nno quote\t0\n', [['" open quote', "1"], ["no quote", "0"]]),
        ('"so" it is\t1\nno\t0\n', [['"so" it is', "1"], ["no", "0"]]),
        ('"x"\t"1"\n"y"\t"0"\n', [["x", "1"], ["y", "0"]]),
        ('text\tlabel\n"two\nlines"\t1\n', [["text", "label"], ["two\nlines", "1"]]),
        ('He said "no.\nShe left.\n', [['He said "no.'], ["She left."]]),
        ('"Well," he said.\nShe left.\n', [['"Well," he said.'], ["She left."]]),
        ("\n\na,b\n\n1,2\n , \n", [["a", "b"], ["1", "2"]]),
        ("a,b\n1,2,,\n3,4\n", [["a", "b"], ["1", "2"], ["3", "4"]]),
    ],
)
def test_read_grid(text, expected):
    assert rows(text) == expected


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ('"\\"Too dear\\" he said"', '"Too dear" he said'),
        ('"\\"Dear, too dear; yes\\", he said"', '"Dear, too dear; yes", he said'),
        ('"two \\"lines\\"\nhere"', 'two "lines"\nhere'),
        ('"\\"a\\" ""b"" ends with \\\\"', '"a" "b" ends with \\'),
        ('"C:\\new \\"x\\""', 'C:\\new "x"'),
        ('say \\"hi\\"', 'say "hi"'),
        ('"C:\\"', "C:\\"),
        ('"print(\\""x\\"")"', 'print(\\"x\\")'),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "|"])
@pytest.mark.parametrize("names", [("text", "label"), ("first", "second"), ('"text"', '"label"')])
def test_backslashes_before_quotes(written, text, delimiter, names):
    cells = (names, (written, "0"), ("fine", "1"), (written, "1"))
    found = rows("".join(delimiter.join(row) + "\n" for row in cells))
    assert [row[0] for row in found] == [names[0].strip('"'), text, "fine", text]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ('"\\"Too dear\\" he said"', '"Too dear" he said'),
        ('He said \\"no\\"', 'He said \\"no\\"'),
        ('"so" it is \\"', '"so" it is \\"'),
    ],
)
def test_backslashes_in_tab_separated_lines_may_be_text(written, text):
    assert rows(f"{written}\t0\nfine\t1\n") == [[text, "0"], ["fine", "1"]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "text,label\na,1\nb,2,3\nc,1\n",
            r"Line 3 of 'a.csv' has 3 field\(s\), the first row has 2 .*comma; 1 such",
        ),
        ("text,label\na,1\nb\nc,1\n", "Line 3 of 'a.csv' has 1 field"),
        ('text,label\n"x\ny",1\nb,2,3\n', "Line 4 of"),
        (
            'text,label\nok,1\n"never closed,1\nnext,0\n',
            "quotation mark on line 3 of 'a.csv' is never closed",
        ),
        ('text,label\nok,1\nlast,"', "quotation mark on line 3 of 'a.csv' is never closed"),
    ],
)
def test_broken_rows_are_located(text, message):
    with pytest.raises(DataError, match=message):
        rows(text)


def test_too_many_rows():
    assert len(rows("a,b\n" + "1,2\n" * 10, most=10)) == 11  # the first may be a header
    with pytest.raises(LimitError, match="more than 10 rows"):
        rows("a,b\n" + "1,2\n" * 11, most=10)


def test_immense_field():
    with pytest.raises(LimitError, match="line 2 of"):
        rows('a,b\n"' + "x" * 200_000)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ([["text", "label"], ["a", "b"]], True),
        ([["Sentence 1", "x"], ["a", "b"]], True),
        ([["", "text", "y"], ["0", "a", "b"]], True),
        ([["文本", "标签"], ["好", "1"]], True),
        (
            [
                ["Aussage", "Urteil"],
                ["Das war sehr schön und auch gar nicht teuer.", "gut"],
                ["Nie wieder!", "nie"],
            ],
            True,
        ),
        ([["worte", "wert"], ["ja", "1"], ["nein", "0"]], True),
        ([["phrase", "x"], ["b", "phrase"], ["c", "x"]], True),
        ([["great film", "pos"], ["bad film", "neg"], ["fine film", "pos"]], False),
        ([["a deep , moving film .", "1"], ["dull .", "0"], ["fine .", "1"]], False),
        (
            [
                ["What is an atom ?", "description"],
                ["Who ?", "human"],
                ["What is x ?", "description"],
            ],
            False,
        ),
        ([["1", "good"], ["2", "bad"]], False),
        ([["A short one"], ["A much longer sentence which goes on and on"]], False),
        ([["word", "text_a"], ["word", "b"]], True),
        ([["text", "label"], ["a", "b"], ["text", "label"], ["c", "d"]], True),
        ([["worte", "wert"], ["ja", "1"], ["worte", "wert"], ["nein", "0"]], True),
        ([["great film", "pos"], ["bad film", "neg"], ["great film", "pos"]], False),
    ],
)
def test_has_header(table, expected):
    assert has_header(table) is expected
