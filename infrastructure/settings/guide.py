"""The settings explained, from their model alone, so that no page of them can be out of date."""

from collections.abc import Iterable
from textwrap import wrap
from typing import Any, NamedTuple

from pydantic.fields import FieldInfo

from infrastructure.settings.settings import PREFIX, Settings

_WIDTH = 96


class Explained(NamedTuple):
    """A setting; `default` as it would be written, None where there is nothing to write."""

    variable: str
    option: str
    default: str | None
    description: str

    @property
    def shown(self) -> tuple[str, str, str]:
        return self.variable, self.default or "-", self.description


def explained() -> list[Explained]:
    """All settings, in the order of their model."""
    return [_explained(name, field) for name, field in Settings.model_fields.items()]


def _explained(name: str, field: FieldInfo) -> Explained:
    return Explained(
        variable=f"{PREFIX}{name.upper()}",
        option=f"--{name.replace('_', '-')}",
        default=_default(name, field.default),
        description=str(field.description),
    )


def _default(name: str, value: Any) -> str | None:
    if name == "data_dir":
        return "the platform's user data directory"
    if value in ("", None):
        return None
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def as_markdown(settings: Iterable[Explained]) -> str:
    """A table for a page."""
    rows = "".join(
        f"| `{each.variable}` | {each.default or ''} | {each.description} |\n" for each in settings
    )
    return f"| variable | unless set | what it is for |\n|---|---|---|\n{rows}"


def as_environment_file(settings: Iterable[Explained]) -> str:
    """A file of variables, each commented out, with what it would be unless set."""
    head = "# Settings of Watchledger. What is commented out is as it would be anyway.\n"
    return head + "".join(map(_paragraph, settings))


def _paragraph(each: Explained) -> str:
    lines = wrap(each.description, _WIDTH)
    if " " in (each.default or ""):
        lines.append(f"Unless set: {each.default}.")
    value = "" if " " in (each.default or "") else each.default or ""
    return "\n" + "".join(f"# {line}\n" for line in lines) + f"#{each.variable}={value}\n"
