"""Connections to servers that are pulled from, for all client libraries alike, which use requests.

What a server answers that is no answer is told in words here, before a library makes its own of it.
Redirects aren't followed: to another host they would take the token along.
"""

from http import HTTPStatus
from pathlib import Path
from typing import Any

import requests
from requests import Response, Session
from requests.exceptions import ConnectionError as Unreachable
from requests.exceptions import RequestException, SSLError, Timeout

from infrastructure.pulling.addresses import Address
from infrastructure.pulling.problems import PullProblem

TIMEOUT_SECONDS = 60.0
_REFUSED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class Connection(Session):
    """A session with one server. Each request raises PullProblem for whatever is no good answer."""

    def __init__(self, address: Address) -> None:
        super().__init__()
        self._address = address
        trusted = address.certificates
        if trusted is not None and not Path(trusted).is_file():
            raise PullProblem(f"{trusted} can't be read as certificates; there is no such file.")

    def request(
        self, method: Any, url: Any, *args: Any, **kwargs: Any
    ) -> Response:  # requests' own
        host = self._address.host
        kwargs |= {
            "timeout": TIMEOUT_SECONDS,
            "allow_redirects": False,
            "verify": self._address.certificates or True,
        }
        try:
            response = super().request(method, url, *args, **kwargs)
        except SSLError:
            raise PullProblem(
                f"{host} shows a certificate that isn't trusted. Name a file that holds it, or "
                "that of its authority, as certificates = … beside the url; or pull by http where "
                "nobody listens in."
            ) from None
        except Timeout:
            raise PullProblem(
                f"{host} didn't answer within {TIMEOUT_SECONDS:g} s. Pull again when it is "
                "less busy."
            ) from None
        except Unreachable:
            raise PullProblem(
                f"{host} can't be reached. See that it runs and that the url is right."
            ) from None
        except RequestException:
            raise PullProblem(
                f"{host} broke off in the middle of an answer. Pull again; what was taken stays."
            ) from None
        self._check(response)
        response.encoding = "utf-8"
        return response

    def _check(self, response: Response) -> None:
        host, status = self._address.host, response.status_code
        if status in _REFUSED:
            raise PullProblem(f"{host} refuses the token ({status}). Write a valid one.")
        if response.is_redirect or HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            raise PullProblem(
                f"{host} sends to another address ({status}), where the token isn't sent. Write "
                "the url that the server itself has."
            )
        if status != requests.codes.ok:
            raise PullProblem(
                f"{host} answers {status}. See what its log says of it, and pull again."
            )
        if "html" in response.headers.get("Content-Type", ""):
            raise no_answer(host)


def no_answer(host: str) -> PullProblem:
    """What is raised for an answer that isn't the server's."""
    return PullProblem(
        f"{host} answers with something that isn't understood, such as a web page. See that the "
        "url is the server's own, with its port and path."
    )


def half_answer(host: str, found: int, total: int) -> PullProblem:
    """What is raised for a list that ends before all that it was said to have."""
    return PullProblem(
        f"{host} says that it has {total} and lists {found}. Nothing was hidden; pull again when "
        "it isn't scanning its libraries."
    )
