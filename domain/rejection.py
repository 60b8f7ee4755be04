"""Rejections: why something that was asked for isn't done."""

from typing import NamedTuple


class Rejection(NamedTuple):
    """`code` is stable and for programs, `detail` says what to do and is for people."""

    code: str
    detail: str


class Refused(Exception):
    """What was asked for isn't done."""

    def __init__(self, rejection: Rejection) -> None:
        super().__init__(rejection.detail)
        self.rejection = rejection
