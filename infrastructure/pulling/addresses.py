"""Where the servers are that are pulled from: a file of addresses and tokens for its owner alone.

    [plex]
    url = https://attic.example:32400
    token = …

A section for each source. Tokens never come into the ledger, and here into no message.
"""

import stat
from configparser import ConfigParser, Error
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from infrastructure.pulling.problems import PullProblem

_KEYS = frozenset({"url", "token", "user", "certificates"})


class Address(NamedTuple):
    """A server's URL and what is needed to be answered there.

    `user` is whose password `token` is, for servers that know no tokens; `certificates` a file of
    those that are trusted, for servers with a certificate of their own.
    """

    url: str
    token: str
    user: str | None = None
    certificates: str | None = None

    def __repr__(self) -> str:
        return f"Address({self.host})"

    @property
    def host(self) -> str:
        """How the server is called in messages."""
        return urlsplit(self.url).netloc.rpartition("@")[2]


def address_of(source: str, path: Path | None) -> Address:
    """The address of a source. Raises PullProblem."""
    if path is None:
        raise PullProblem(
            f"No address of {source} is set. Write a file with [{source}], url = … and token = …, "
            "take all rights but your own from it (chmod 600) and name it by --pull-file "
            "(WATCHLEDGER_PULL_FILE)."
        )
    sections = _read(path)
    if source not in sections:
        raise PullProblem(
            f"{path} has no section [{source}]; write one with url = … and token = … into it."
        )
    return _address(source, dict(sections[source]), path)


def sources_in(path: Path) -> list[str]:
    """The sources that a file has addresses of. Raises PullProblem."""
    return _read(path).sections()


def _read(path: Path) -> ConfigParser:
    sections = ConfigParser(interpolation=None, default_section="")
    try:
        with path.open(encoding="utf-8") as file:
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                raise PullProblem(
                    f"{path} holds tokens and others may read it. Make it yours alone: "
                    f"chmod 600 {path}"
                )
            sections.read_file(file)
    except OSError as error:
        raise PullProblem(f"{path} can't be read: {error.strerror}.") from error
    except (Error, UnicodeDecodeError):
        raise PullProblem(  # the library's own words hold the line, and so perhaps a token
            f"{path} isn't understood. Write [SOURCE], and below it lines as url = … and token = …."
        ) from None
    return sections


def _address(source: str, given: dict[str, str], path: Path) -> Address:
    if unknown := given.keys() - _KEYS:
        raise PullProblem(
            f"{path}, [{source}]: {', '.join(sorted(unknown))} isn't known; there are "
            f"{', '.join(sorted(_KEYS))}."
        )
    url, token = given.get("url", "").rstrip("/"), given.get("token", "")
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).netloc:
        raise PullProblem(f"{path}, [{source}]: url must be as http://127.0.0.1:32400.")
    if not token.isascii() or not token.isprintable():
        raise PullProblem(f"{path}, [{source}]: token must be visible ASCII characters.")
    return Address(url, token, given.get("user"), given.get("certificates"))
