"""promptsource's YAML files (`templates.yaml`): plain values in and out, with its two tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from core.errors import PatternError

MAX_FILE_LENGTH = 200_000
MAX_TEMPLATES = 500  # of one file

_NOT_CAUGHT_BY_YAML = (ValueError, TypeError, AttributeError, LookupError, RecursionError)


def promptsource_entries(text: str) -> list[object]:
    """The templates of a promptsource file as plain values, or the one template that the text is.

    Raises:
        PatternError: it is no such file, or holds too many; `position` is that of YAML's error.
    """
    if len(text) > MAX_FILE_LENGTH:
        raise PatternError("The file has {length} characters; {limit} are allowed.",
                           length=len(text), limit=MAX_FILE_LENGTH, position=MAX_FILE_LENGTH)
    data = _read(text)
    if isinstance(data, dict) and "jinja" in data:
        return [data]
    templates = data.get("templates") if isinstance(data, dict) else None
    if not isinstance(templates, dict) or not templates:
        raise PatternError("This is no promptsource file: it has no {key}.",
                           key="templates", position=0)
    if len(templates) > MAX_TEMPLATES:
        raise PatternError("The file has {count} templates; {limit} are allowed.",
                           count=len(templates), limit=MAX_TEMPLATES)
    return list(templates.values())


def write_entries(dataset: str, entries: Mapping[str, Mapping[str, Any]]) -> str:
    """Write templates, by their ids, as a promptsource file; each has a mapping `metadata`."""
    templates = {key: _tagged(entry) for key, entry in entries.items()}
    data = {"dataset": dataset, "templates": templates}
    return yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=1_000)


@dataclass(frozen=True)
class _Tagged:
    tag: str
    values: Mapping[str, object]


def _tagged(entry: Mapping[str, Any]) -> _Tagged:
    metadata = _Tagged("!TemplateMetadata", entry["metadata"])
    return _Tagged("!Template", {**entry, "metadata": metadata})


class _Dumper(yaml.SafeDumper):
    """Writes promptsource's two tags."""


class _Loader(yaml.SafeLoader):
    """Reads promptsource's two tags as plain mappings.

    Aliases, which can grow without bound, are refused.
    """

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.MarkedYAMLError(problem="aliases are not read", problem_mark=self.get_mark())
        return super().compose_node(parent, index)


def _mapping(loader: yaml.SafeLoader, node: yaml.Node) -> object:
    # construct_mapping itself refuses nodes of other types
    return loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]


_Dumper.add_representer(
    _Tagged, lambda dumper, tagged: dumper.represent_mapping(tagged.tag, tagged.values)
)
for _tag in ("!Template", "!TemplateMetadata"):
    _Loader.add_constructor(_tag, _mapping)


def _read(text: str) -> object:
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise PatternError("The file is no YAML that can be read here: {why}",
                           why=str(error).split("\n")[0][:200],
                           position=getattr(mark, "index", None)) from error
    except _NOT_CAUGHT_BY_YAML as error:
        raise PatternError("The file is no YAML that can be read here: {why}",
                           why=str(error)[:200]) from error
