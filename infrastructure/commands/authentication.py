"""Authentication: who calls, by a bearer token, and which device users there are at all."""

from collections.abc import Callable
from typing import NamedTuple

from domain.directory import Directory
from domain.rejection import Refused, Rejection
from domain.source import Source
from infrastructure.commands.tokens import cduid_of, hash_of, matches
from infrastructure.ledger.directory import CurrentDirectory


class Caller(NamedTuple):
    """Who calls: the device user of a token, or the admin, whose cduid is None."""

    cduid: str | None


class Hook(NamedTuple):
    """What calls by the address of a source, which has its secret in it."""

    source: str


class Authentication:
    """Knows callers as of the ledger's end, in any thread: a revoked token is void at once."""

    def __init__(self, directories: CurrentDirectory, admin_token: str) -> None:
        self._directories = directories
        self._admin_token_sha256 = hash_of(admin_token)

    def is_admin(self, token: str) -> bool:
        """Whether a token is the admin's, which no database has to be asked about."""
        return matches(token, self._admin_token_sha256)

    def authenticate(self, token: str) -> Caller:
        """Whose token it is. Raises Refused if it is nobody's, or nobody's any more."""
        caller = self._caller(token, self._directories.latest)
        if caller is None:
            raise Refused(
                Rejection("token_unknown", "The token is wrong or was revoked; ask for a new one.")
            )
        return caller

    def recognized(self, token: str) -> Caller | None:
        """Whose token it was when this process last looked, which costs no look at the database."""
        return self._caller(token, self._directories.newest)

    def _caller(self, token: str, directory: Callable[[], Directory]) -> Caller | None:
        if self.is_admin(token):
            return Caller(None)
        cduid = cduid_of(token)
        known = directory().device_users.get(cduid)
        return Caller(cduid) if matches(token, known.token_sha256 if known else None) else None

    def source_behind(self, name: str, secret: str) -> Source | None:
        """The source whose address it is, if it is one."""
        return _source_behind(self._directories.latest(), name, secret)

    def recognized_hook(self, name: str, secret: str) -> Hook | None:
        """Whose address it was when this process last looked."""
        found = _source_behind(self._directories.newest(), name, secret)
        return None if found is None else Hook(found.name)

    def knows(self, cduid: str) -> bool:
        """Whether a device user is registered, projected yet or not."""
        return cduid in self._directories.latest().device_users


def _source_behind(directory: Directory, name: str, secret: str) -> Source | None:
    source = directory.sources.get(name)
    return source if matches(secret, source.secret_sha256 if source else None) else None
