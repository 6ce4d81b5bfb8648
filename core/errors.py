"""Everything that can be wrong, in one tree; each message may be shown to a person.

    ClozeLabError               the root
    ├── InputError              something that a person gave is wrong; nothing was started
    │   ├── PatternError        the pattern cannot be read (`position`: where)
    │   ├── VerbalizerError     label words do not fit labels or model (`label`: whose words)
    │   ├── DataError           a file, table or data set cannot be used as it is
    │   ├── ModelError          a model cannot be found, is not allowed or is of an unknown family
    │   ├── SpecError           a run, study or setting is ill-formed (`key`: which key)
    │   └── LimitError          allowed in principle, but more than this host permits
    ├── ModelLoading            the model is on its way; asked again later, it will be there
    ├── DownloadError           the hub or the network did not deliver
    └── Cancelled               a person stopped the run

A message is a template and its values: `str(error)` fills the template in English; an interface
in another language translates `error.template` and fills that with the same `error.values`.
"""

from __future__ import annotations


class ClozeLabError(Exception):
    """An error whose message says what is wrong, with the value, and what to do."""

    def __init__(self, template: str, **values: object) -> None:
        self.template = template
        self.values = values
        super().__init__(template, values)

    def __str__(self) -> str:
        return fill(self.template, self.values)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.template, self.values))


def fill(template: str, values: dict[str, object]) -> str:
    """Put `values` into `template`; without values the template is taken as it is, braces too."""
    return template.format(**values) if values else template


def _rebuild(
    kind: type[ClozeLabError], template: str, values: dict[str, object]
) -> ClozeLabError:
    """Make an unpickled error: its values are keyword arguments, which pickling would lose."""
    return kind(template, **values)


class InputError(ClozeLabError):
    """Something that a person gave is wrong; nothing was started and nothing is lost."""


class PatternError(InputError):
    """The pattern cannot be read; `position` is the index of the character at fault."""

    @property
    def position(self) -> int | None:
        position = self.values.get("position")
        return position if isinstance(position, int) else None


class VerbalizerError(InputError):
    """Label words do not fit the labels or the model; `label` names whose words."""

    @property
    def label(self) -> str | None:
        label = self.values.get("label")
        return label if isinstance(label, str) else None


class DataError(InputError):
    """A file, table or data set cannot be used as it is."""


class ModelError(InputError):
    """A model cannot be found, is not allowed here or is of an unknown family."""


class ModelLoading(ClozeLabError):
    """The model is on its way: asked again later, it will be there."""


class SpecError(InputError):
    """A run, study or setting is ill-formed."""


class LimitError(InputError):
    """Allowed in principle, but more than this host permits."""


class DownloadError(ClozeLabError):
    """The hub or the network did not deliver."""


class Cancelled(ClozeLabError):
    """A person stopped the run."""

    def __init__(self, template: str = "Cancelled.", **values: object) -> None:
        super().__init__(template, **values)
