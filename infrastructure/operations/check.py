"""What the doctor says of one thing that it looked at."""

from typing import Literal, NamedTuple

State = Literal["ok", "warning", "problem"]


class Check(NamedTuple):
    """One thing that was looked at."""

    name: str
    state: State
    detail: str
