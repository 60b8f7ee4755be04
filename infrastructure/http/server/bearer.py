"""The bearer token of a request, taken in one way by whoever wants to know: limits and routes."""

import re

from starlette.types import Scope

from infrastructure.http.problem_details import Problem

_bearer = re.compile(rb"bearer +([!-~]+) *", re.IGNORECASE).fullmatch


def bearer_token(scope: Scope) -> str | None:
    """The token, of visible ASCII characters; None where there is none, or none that can be one.

    Raises Problem where two are sent: whoever stands between may have looked at the other.
    """
    given = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(given) > 1:
        raise Problem("authorization_repeated", "Send the header Authorization once.")
    found = _bearer(given[0]) if given else None
    return found[1].decode() if found else None
