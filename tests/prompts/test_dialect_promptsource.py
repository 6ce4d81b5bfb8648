"""promptsource's Jinja templates: read, written, refused, and rendered without harm."""

import pytest

from core.errors import PatternError, VerbalizerError
from core.prompts.dialects import parse_promptsource, read_promptsource, write_promptsource
from core.prompts.dialects.promptsource import JinjaTemplate, fixed_choices, render_promptsource
from core.prompts.pattern import Pattern
from core.prompts.verbalizer import Verbalizer

COLUMNS = {"text_a": "text_a", "text_b": "text_b"}
WORDS = Verbalizer.of({"negative": "terrible", "positive": "great"}, ["negative", "positive"])


@pytest.mark.parametrize(
    ("jinja", "choices", "pattern", "words"),
    [
        (
            "{{text}} It was ||| {{ answer_choices[label] }}",
            "bad ||| good",
            "{text_a} It was {mask}",
            ("bad", "good"),
        ),
        (
            "\n{{ text }}\n\n{{question}}? |||\n{{answer_choices[y]}}\n",
            "no|||yes",
            "{text_a}\n\n{text_b}? {mask}",
            ("no", "yes"),
        ),
        (
            "{{ answer_choices | join(' or ') }}? {{text}} ||| {{answer_choices[label]}}",
            "a ||| b",
            "a or b? {text_a} {mask}",
            ("a", "b"),
        ),
        (
            "{{ 'x|||y{' }} {{text}} ||| {{answer_choices[label]}}",
            "{{ 'a' ~ 'b' }} ||| c",
            "x|||y{{ {text_a} {mask}",
            ("ab", "c"),
        ),
    ],
)
def test_promptsource_is_read(
    jinja: str, choices: str, pattern: str, words: tuple[str, ...]
) -> None:
    read, found = read_promptsource(jinja, {"text": "text_a", "question": "text_b"}, choices)
    assert (str(read), found) == (pattern, words)


@pytest.mark.parametrize(
    ("jinja", "choices", "message", "position"),
    [
        ("{{text}} ||| {{answer_choices[label]}}", None, "no fixed answer choices", None),
        (
            "{{text}} ||| {{answer_choices[label]}}",
            "{{a}} ||| {{b}}",
            "no fixed answer choices",
            None,
        ),
        ("{{text}} ||| great", "a ||| b", "is not ||| {{ answer_choices[label] }} alone", 9),
        ("{{text}}", "a ||| b", "is not ||| {{ answer_choices[label] }} alone", 0),
        ("a ||| b ||| {{answer_choices[label]}}", "a ||| b", "alone", 2),
        (
            "{{answer_choices[label]}} ||| {{answer_choices[label]}}",
            "a ||| b",
            "gives the answer away",
            2,
        ),
        (
            "x\n{% if text %}y{% endif %} ||| {{answer_choices[label]}}",
            "a ||| b",
            "has one in line 2",
            2,
        ),
        (
            "x\n{{ title }} ||| {{answer_choices[label]}}",
            "a ||| b",
            "computes something from title",
            2,
        ),
        (
            "{{ text|lower }} ||| {{answer_choices[label]}}",
            "a ||| b",
            "computes something from text",
            0,
        ),
        (
            "a\nb {{ text ||| {{answer_choices[label]}}",
            "a ||| b",
            "cannot read the template (line 2)",
            2,
        ),
        (
            "{{text}} ||| {{answer_choices[label]}}",
            "{% for",
            "cannot read the template (line 1)",
            0,
        ),
        ("{{ text }}" + "x" * 10_000, "a ||| b", "10000 are allowed", 10_000),
    ],
)
def test_promptsource_names_what_a_pattern_cannot_express(
    jinja: str, choices: str | None, message: str, position: int | None
) -> None:
    with pytest.raises(PatternError) as error:
        read_promptsource(jinja, {"text": "text_a"}, choices)
    assert message in str(error.value)
    assert error.value.position == position


@pytest.mark.parametrize(
    "pattern",
    [
        "{text_a} It was {mask}",
        "{text_a}\n{text_b}?\nAnswer: {mask}",
        "{{x}} {text_a} {mask}",
        "a\"b' {text_a}% {mask}",
        "{text_a}: {{{{%if%}}}} é 😀 {mask}",
    ],
)
def test_promptsource_is_written(pattern: str) -> None:
    words = Verbalizer.of({"a": "sch{ön", "b": "great"}, ["a", "b"])
    (template,) = parse_promptsource(write_promptsource(Pattern.parse(pattern), words))
    read, found = read_promptsource(template.jinja, COLUMNS, template.answer_choices)
    assert (str(read), found) == (pattern, ("sch{ön", "great"))


@pytest.mark.parametrize(("pattern", "message", "position"), [
    ("{text_a} It was {mask}.", "must stand at the end", 16),
    ("{mask} {text_a} {mask}", "and only there", 0),
    ("{text_a}{sep} {mask}", "cannot say '{sep}' (character 9)", 8),
    ("{text_a|drop_last} {mask}", "cannot say '{text_a|drop_last}'", 0),
    ("a ||| {text_a} {mask}", "cannot say 'a |||'", 0),
])
def test_what_promptsource_cannot_express_is_not_written(
    pattern: str, message: str, position: int
) -> None:
    with pytest.raises(PatternError) as error:
        write_promptsource(Pattern.parse(pattern), WORDS)
    assert message in str(error.value)
    assert error.value.position == position


@pytest.mark.parametrize("words", [{"a": ["x", "y"], "b": "z"}, {"a": "x ||| y", "b": "z"}])
def test_promptsource_takes_one_plain_word_for_each_label(words: dict) -> None:
    with pytest.raises(VerbalizerError, match="one word for each label") as error:
        write_promptsource(Pattern.parse("{text_a} {mask}"), Verbalizer.of(words, ["a", "b"]))
    assert error.value.label == "a"


@pytest.mark.parametrize(("text", "message"), [
    ("", "no templates"),
    ("a: [", "no YAML"),
    ("templates: {}", "no templates"),
    ("templates: {a: {jinja: 1}}", "has no jinja"),
    ("templates: {a: {jinja: x, answer_choices: [a]}}", "has no answer_choices"),
    ("templates: {a: !!python/object/apply:os.getcwd []}", "no YAML"),
    ("templates: {a: !Template [x]}", "no YAML"),
    ("a: &a [x]\nb: *a", "aliases are not read"),
    ("templates: {a: 2001-99-99}", "no YAML"),
    ("- " * 2000, "no YAML"),
    ("x" * 200_001, "200000 are allowed"),
])
def test_files_that_are_not_promptsources_are_refused(text: str, message: str) -> None:
    with pytest.raises(PatternError, match=message):
        parse_promptsource(text)


@pytest.mark.parametrize(("jinja", "message"), [
    ("{{ ''.__class__.__mro__ }}", "unsafe"),
    ("{{ text|attr('__class__') }}", "'attr'"),
    ("{{ text.format(1) }}", "'format'"),
    ("{{ text['format'](1) }}", "'Call'"),
    ("{{ lipsum() }}", "'lipsum'"),
    ("{% include 'x' %}", "'Include'"),
    ("{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}", "'Macro'"),
    ("{% for a in [text] recursive %}{{ loop([text]) }}{% endfor %}", "'recursive'"),
    ("{% for a in range(1001) %}{% endfor %}", "counts to 1001"),
    ("{% for a in range(999) %}{% for b in range(999) %}{% endfor %}{% endfor %}", "too much work"),
    ("{% for a in range(999) %}{{ text }}{% endfor %}", "more than 200000 characters"),
    ("{{ 9 ** 9 ** 9 }}", "'Pow'"),
    ("{{ text * 99999999 }}", "'*' on something"),
    ("{{ '%999999999d' % 1 }}", "'%' on something"),
    ("{% set a = text %}" + "{% set a = a ~ a %}" * 40, "too much work"),
    ("{% set a = text %}" + "{% set a = a + a %}" * 40, "too much work"),
    ("{% set a = text %}" + "{% set a = [a, a]|join(a) %}" * 40, "too much work"),
    ("{% set a = text %}" + "{% set a = a|replace('a', a) %}" * 40, "too much work"),
    ("{{ text|center(999999999) }}", "'center'"),
    ("{{ text|map('center', 999999999)|list }}", "center"),
    ("{{ " + "(" * 5000, "recursion"),
    ("{{ x.y.z }}", "undefined"),
    ("{{ 1 // 0 }}", "ZeroDivision"),
    ("{{ [] | choice }}", "fails"),
])
def test_strangers_templates_can_do_no_harm(jinja: str, message: str) -> None:
    with pytest.raises(PatternError) as error:
        render_promptsource(JinjaTemplate("x", jinja), {"text": "ab " * 300})
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("jinja", "written"),
    [
        ("{{ 7 // 2 + 1 - 2 * 3 }}", "-2"),
        (
            "{{ text.split()[0] | upper }}{{ '-' }}{{ text.strip() | replace('b', 'c') | title }}",
            "A-A C",
        ),
        ("{% for n in ns if n > 1 %}{{ loop.index }}{{ n }}{% else %}none{% endfor %}", "1223"),
        ("{{ missing }}{{ none }}{{ ns | map('string') | join('+') }}", "None1+2+3"),
        (
            "{{ (ns | most_frequent | length) ~ 'x' }}{{ 'a' | highlight }}",
            "3x<span style='color: #F08080'>a</span>",
        ),
        ("{{ ns | sum }}{{ ns | first }}{{ d.get('k', 'v') }}", "61v"),
    ],
)
def test_templates_of_ordinary_kind_are_rendered(jinja: str, written: str) -> None:
    assert (
        render_promptsource(
            JinjaTemplate("x", jinja), {"text": "a b", "ns": [1, 2, 3], "d": {}}
        ).prompt
        == written
    )


def test_a_choice_is_decided_by_the_seed() -> None:
    template = JinjaTemplate("x", "{{ ns | choice }}")
    drawn = [
        render_promptsource(template, {"ns": list(range(50))}, seed).prompt
        for seed in (1, 1, 2, 3, 4)
    ]
    assert drawn[0] == drawn[1]
    assert len(set(drawn)) > 1


def test_a_separator_in_the_data_parts_nothing() -> None:
    template = JinjaTemplate("x", "{{ names[0] }} ||| {{ d.k }}")
    rendered = render_promptsource(template, {"names": ["a|||b"], "d": {"k": "c ||| d"}})
    assert rendered.parts == ("a|||b", "c ||| d")


def test_a_column_called_answer_choices_is_refused() -> None:
    with pytest.raises(PatternError, match="answer_choices"):
        render_promptsource(JinjaTemplate("x", "{{ text }}"), {"answer_choices": "a"})


def test_fixed_choices() -> None:
    assert fixed_choices("a ||| {{ 'b' | upper }}") == ("a", "B")
    assert fixed_choices("a ||| {{ b }}") is None
    assert fixed_choices(None) is None
