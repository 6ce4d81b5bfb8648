"""Templates of any dialect, recognised and read as patterns with their label words.

Each template is read on its own: one that is no pattern, or does not fit the task, is set aside
with its place and the reason, and the rest is read. Nothing in a template is run as Python.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from core.data.charset import decode, refuse_foreign
from core.data.task import Task
from core.errors import ClozeLabError, DataError, VerbalizerError
from core.prompts.dialects.label_words import Words, holds_label_words, read_label_words
from core.prompts.dialects.lm_bff import read_lm_bff, read_mapping
from core.prompts.dialects.lm_bff_results import (
    MAX_LINES,
    FoundPVP,
    Results,
    names_task,
    numbered_labels,
    read_results_for,
    text_and_score,
)
from core.prompts.dialects.openprompt import read_openprompt
from core.prompts.dialects.outcome import FoundTemplate, Place, Reading
from core.prompts.dialects.promptsource import (
    SEPARATOR,
    JinjaTemplate,
    as_template,
    read_jinja,
    read_promptsource,
)
from core.prompts.dialects.promptsource_yaml import promptsource_entries
from core.prompts.dialects.template_columns import match_columns

DIALECTS = ("lm-bff", "openprompt", "promptsource")
MAX_LENGTH = 10_000_000
MAX_TEMPLATES = 5_000  # of OpenPrompt's, one a line

_EXAMPLES = {
    "stars": "*cls**sent_0*_It_was*mask*.*sep+*",
    "braces": '{"placeholder": "text_a"} It was {"mask"}.',
    "jinja": "{{text}} It was ||| {{answer_choices[label]}}",
}
_KEYS = "placeholder|mask|soft|soft_id|meta|special|text"
_SIGNS = {
    "promptsource": re.compile(r"^[ \t]*(templates|jinja)[ \t]*:|!Template\b", re.MULTILINE),
    "lm-bff": re.compile(r"""\*mask\*|\*cls\*|\*sep\+?\*|"(template|mapping)"[ \t]*:"""),
    "openprompt": re.compile(rf"""\{{[ \t]*["']({_KEYS})["']"""),
}
_CURLY = str.maketrans("“”„‟‘’", "\"\"\"\"''")
_CURLY_KEY = re.compile(rf"\{{[ \t]*[“”„‟‘’]({_KEYS})[“”„‟‘’]")
_MASK = re.compile(r"""\{[ \t]*["']mask["']""")
_PLACEHOLDER = re.compile(r"""\{[ \t]*["']placeholder["'][ \t]*:[ \t]*["'](\w+)""")
_BARE_WORDS = re.compile(r"[^{}\[\]<>*$%|_]+")


def read_templates(
    texts: Iterable[str],
    task: Task | None = None,
    *,
    dialect: str = "auto",
    words: str = "",
    published: str | None = None,
    seed: int | None = None,
) -> Reading:
    """Read the templates that the texts hold, each text in its own dialect.

    Label words that stand alone go to every pattern that has none.

    Args:
        task: what patterns, columns and label words must fit; None takes any.
        dialect: of all texts; `auto` recognises that of each.
        words: label words as `read_label_words` takes them.
        published, seed: which of LM-BFF's results are wanted, as in `read_results_for`.

    Raises:
        ClozeLabError: a text is too long, of no known dialect, or cannot be read as a whole.
    """
    reading = Reading(task)
    for text in _parts(texts, dialect, reading):
        known = find_dialect(text, reading.label_count) if dialect == "auto" else dialect
        if known == "lm-bff":
            _read_lm_bff(text, reading, published, seed)
        else:
            _READERS[known](text, reading)
    if words:
        _read_words(_normalised(words), reading)
    return reading.finish()


def _parts(texts: Iterable[str], dialect: str, reading: Reading) -> Iterator[str]:
    """The texts; one in which two dialects alternate, in parts of one dialect each."""
    for given in texts:
        text = _with_straight_quotes(_normalised(given), reading)
        yield from _parts_by_dialect(text) if dialect == "auto" else [text]


def _parts_by_dialect(text: str) -> list[str]:
    """The lines of each dialect in turn; other lines are left empty, so that numbers hold.

    A line that shows no dialect, such as label words, belongs to the line before.
    """
    lines = text.split("\n")
    signs = [_line_dialect(line) for line in lines]
    if _SIGNS["promptsource"].search(text) or len({*signs} - {None}) < 2:
        return [text]
    known, parts = next(filter(None, signs)), [[""] * len(lines)]
    for number, (line, sign) in enumerate(zip(lines, signs, strict=True)):
        if sign not in (None, known):
            known = sign
            parts.append([""] * len(lines))
        parts[-1][number] = line
    return ["\n".join(part) for part in parts]


def _line_dialect(line: str) -> str | None:
    """The dialect whose signs a line bears, of those that hold a template a line."""
    return next((name for name in ("lm-bff", "openprompt") if _SIGNS[name].search(line)), None)


def find_dialect(text: str, labels: int | None = None) -> str:
    """The dialect that the text is written in; `words` if it holds the words of so many labels.

    Raises:
        DataError: it is in no known dialect.
    """
    for dialect, sign in _SIGNS.items():
        if sign.search(text):
            return dialect
    if "{{" in text and SEPARATOR in text:
        return "promptsource"
    if _mapping(text.strip().split("\n")[0]) is not None:
        return "lm-bff"
    if labels and _looks_like_words(text) and holds_label_words(text, labels):
        return "words"
    raise _unknown_dialect(text)


def _unknown_dialect(text: str) -> DataError:
    start = " ".join(text.strip()[:200].split())[:60]
    if re.search(r"\{mask[|}]", text):
        return DataError("{text!r} is a pattern already. Use it as it is.", text=start)
    return DataError("No template of LM-BFF, OpenPrompt or promptsource was found in {text!r}. "
                     "Theirs look like {stars}, {braces} and {jinja}.", text=start, **_EXAMPLES)


def decode_templates(data: bytes, name: str) -> str:
    """The text of a file of templates, in any encoding.

    Raises:
        DataError: it is too large, empty, or no text.
    """
    if len(data) > MAX_LENGTH:
        raise DataError("The file has more than {limit} MB.", limit=MAX_LENGTH // 1_000_000)
    if not data.strip():
        raise DataError("The file {name!r} is empty.", name=name)
    try:
        refuse_foreign(data, name)
        return decode(data, name)[0]
    except DataError as error:
        raise DataError("The file {name!r} does not hold templates as text ({kind}). Choose a text "
                        "file, such as .txt, .jsonl or .yaml.", name=name,
                        kind=error.values.get("kind", "binary data")) from error


def _normalised(text: str) -> str:
    """The text without byte order mark and with LF line ends."""
    if len(text) > MAX_LENGTH:
        raise DataError("The text has {length} characters; {limit} are allowed. Use a part of it.",
                        length=len(text), limit=MAX_LENGTH)
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise DataError("There is no template: the text is empty.")
    return text


def _with_straight_quotes(text: str, reading: Reading) -> str:
    """The text with straight quotation marks, if its templates have curly ones."""
    if not _CURLY_KEY.search(text):
        return text
    reading.note("Curly quotation marks were read as straight ones.")
    return text.translate(_CURLY)


def _looks_like_words(text: str) -> bool:
    """Whether the text is JSON, or plain words of which none is a sentence."""
    if text.lstrip().startswith(("{", "[")):
        return True
    short = all(len(word.split()) < 4 for word in re.split("[,\n]", text))
    return short and bool(_BARE_WORDS.fullmatch(text))


def _numbered(text: str, limit: int) -> list[tuple[int, str]]:
    """The lines that are not empty, with their numbers."""
    stripped = ((number, line.strip()) for number, line in enumerate(text.split("\n"), 1))
    lines = [(number, line) for number, line in stripped if line]
    if len(lines) > limit:
        raise DataError("The file has more than {limit} lines.", limit=limit)
    return lines


def _read_words(text: str, reading: Reading) -> None:
    for words in read_label_words(text, reading.label_count):
        try:
            reading.add("openprompt", Place(), None, words)
        except VerbalizerError as error:
            reading.set_aside(Place(), error)


def _read_openprompt(text: str, reading: Reading) -> None:
    """Templates, one a line; label words in a line of JSON, or as the lines that end the text."""
    text, tail = _without_words(text, reading.label_count)
    if tail:
        _read_words(tail, reading)
    lines = _numbered(text, MAX_TEMPLATES)
    words = [_words_of_line(line) for _, line in lines]
    if len(lines) > 1 and not any(words) and _is_one_template(text):
        lines, words = [(lines[0][0], text.strip())], [None]
    for number, template, template_words in _paired(lines, words):
        try:
            pattern = read_openprompt(template) if template else None
            reading.add("openprompt", Place(number), pattern, template_words)
        except ClozeLabError as error:
            reading.set_aside(Place(number), error)


def _without_words(text: str, labels: int | None) -> tuple[str, str]:
    """The text, and the words of so many labels that end it, one label a line, if there are any."""
    start = text.find("\n", text.rfind("}"))
    tail = text[start:].strip() if start >= 0 else ""
    if labels and tail and _looks_like_words(tail) and holds_label_words(tail, labels):
        return text[:start], tail
    return text, ""


def _is_one_template(text: str) -> bool:
    """Whether the lines together are one template: it asks once, and shows each text once."""
    shown = _PLACEHOLDER.findall(text)
    return len(_MASK.findall(text)) == 1 and len(shown) == len(set(shown))


def _words_of_line(line: str) -> Words | None:
    """The label words that a line of JSON holds; None if it is none."""
    if not line.startswith(("{", "[")) or _SIGNS["openprompt"].match(line):
        return None
    return read_label_words(line)[0] if holds_label_words(line) else None


def _paired(
    lines: Sequence[tuple[int, str]], words: Sequence[Words | None]
) -> Iterator[tuple[int, str, Words | None]]:
    """Each template with the words in the line right after it; words that stand alone with ""."""
    words_at = {number: given for (number, _), given in zip(lines, words, strict=True) if given}
    last_template = 0
    for number, line in lines:
        if number not in words_at:
            last_template = number
            yield number, line, words_at.get(number + 1)
        elif last_template != number - 1:
            yield number, "", words_at[number]


def _read_lm_bff(text: str, reading: Reading, published: str | None, seed: int | None) -> None:
    """Results of LM-BFF's search, or else templates and label words as they are."""
    lines = _numbered(text, MAX_LINES)
    if reading.task is None or _has_pairs(lines):
        _read_stars(lines, reading)
        return
    task = reading.task
    try:
        results = read_results_for(
            text.split("\n"), published or task.name, task.schema, seed=seed
        )
    except ClozeLabError:
        if any(names_task(line) for _, line in lines):
            raise
        _read_stars(lines, reading)
    else:
        _add_results(results, reading)


def _has_pairs(lines: Sequence[tuple[int, str]]) -> bool:
    """Whether a template is followed by its own label words."""
    words = [_mapping(line) for _, line in lines]
    return any(template and given for _, template, given in _paired(lines, words))


def _add_results(results: Results, reading: Reading) -> None:
    reading.found += map(_as_found, results.found)
    for number, error in results.refused:
        reading.set_aside(Place(number), error)


def _as_found(result: FoundPVP) -> FoundTemplate:
    pvp, score = result.pvp, result.dev_score
    words = pvp.verbalizer.as_dict()
    return FoundTemplate(pvp.pattern, words, "lm-bff", dev_score=score, seed=result.seed)


def _read_stars(lines: Sequence[tuple[int, str]], reading: Reading) -> None:
    """LM-BFF's templates and label words as they are, for tasks that it did not search."""
    task = reading.task
    known = numbered_labels(task.name, task.schema.labels) if task is not None else ()
    words = [_mapping(line, known) for _, line in lines]
    for number, template, template_words in _paired(lines, words):
        try:
            text, score = text_and_score(template) if template else ("", None)
            pattern = read_lm_bff(text) if template else None
            reading.add("lm-bff", Place(number), pattern, template_words, score)
        except ClozeLabError as error:
            reading.set_aside(Place(number), error)


def _mapping(line: str, known: Sequence[str] = ()) -> Words | None:
    """The words of a line `{'0':'terrible','1':'great'}`; `known` names the numbered labels."""
    if _SIGNS["openprompt"].match(line):
        return None
    try:
        mapping = read_mapping(text_and_score(line)[0])
    except ClozeLabError:
        return None
    numbers = {str(number): label for number, label in enumerate(known)}
    return {numbers.get(label, label): [word] for label, word in mapping.items()} or None


def _read_promptsource(text: str, reading: Reading) -> None:
    if not _SIGNS["promptsource"].search(text):
        _read_bare_jinja(text.strip(), reading)
        return
    for number, values in enumerate(promptsource_entries(text), 1):
        name = str(values.get("name", "")) if isinstance(values, dict) else ""
        place = Place(name=name[:60] or str(number))
        try:
            _add_jinja(as_template(values), place, reading)
        except ClozeLabError as error:
            reading.set_aside(place, error)


def _read_bare_jinja(jinja: str, reading: Reading) -> None:
    """Add a template without its file, which has the answer choices."""
    try:
        columns = match_columns(jinja, reading.task)
        pattern = read_jinja(jinja, columns)
        _note_columns(columns, reading)
        reading.add("promptsource", Place(), pattern, None)
    except ClozeLabError as error:
        reading.set_aside(Place(), error)


def _add_jinja(template: JinjaTemplate, place: Place, reading: Reading) -> None:
    columns = match_columns(template.jinja, reading.task)
    pattern, choices = read_promptsource(template.jinja, columns, template.answer_choices)
    _note_columns(columns, reading)
    reading.add("promptsource", place, pattern, [[word] for word in choices])


def _note_columns(columns: Mapping[str, str], reading: Reading) -> None:
    renamed = [f"{name} → {{{field}}}" for name, field in columns.items() if name != field]
    if renamed:
        reading.note("Columns of the template were taken as follows: {columns}.",
                     columns=", ".join(renamed))


_READERS = {
    "openprompt": _read_openprompt,
    "promptsource": _read_promptsource,
    "words": _read_words,
}
