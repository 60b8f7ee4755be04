"""Why something that was asked for isn't done."""

from typing import NamedTuple


class Rejection(NamedTuple):
    """`code` is stable and for programs, `detail` says what to do and is for people."""

    code: str
    detail: str
