"""Bearer tokens: making them, keeping the admin's, and comparing without telling how far one got.

A device's token is `cduid.secret`; only its SHA-256 is ever stored.
"""

import hmac
import os
import secrets
import stat
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from infrastructure.settings.data_dir import check_permission, lacking, make_data_dir
from infrastructure.settings.settings import Settings, SettingsProblem

_FILE = "admin-token"
_SECRET_BYTES = 32


class AdminToken(NamedTuple):
    """The admin's token, and the file it is kept in if it doesn't come from the settings."""

    token: str
    path: Path | None


def new_device_token(cduid: str) -> str:
    return f"{cduid}.{secrets.token_urlsafe(_SECRET_BYTES)}"


def cduid_of(token: str) -> str:
    """Whose token it claims to be."""
    return token.rpartition(".")[0]


def hash_of(token: str) -> str:
    """What is stored of a token: its SHA-256 in hexadecimal."""
    return sha256(token.encode()).hexdigest()


def matches(token: str, token_sha256: str | None) -> bool:
    """Whether a token is the one with this hash, in a time that doesn't depend on it."""
    return hmac.compare_digest(hash_of(token), token_sha256 or "")


def admin_token(settings: Settings) -> AdminToken:
    """The admin's token of the settings, or else the one kept in the data directory.

    Makes it, with the directory, if it isn't there yet. Raises SettingsProblem.
    """
    if settings.admin_token is not None:
        return AdminToken(settings.admin_token.get_secret_value(), None)
    path = token_path(settings)
    make_data_dir(settings.data_dir)
    if not path.exists():
        check_permission(path.parent, os.W_OK)
    try:
        if not path.exists():
            _keep(path, secrets.token_urlsafe(_SECRET_BYTES))
        token = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsProblem(
            f"The admin token in {path} can't be read or made: {lacking(path, os.R_OK) or error}. "
            "Set WATCHLEDGER_ADMIN_TOKEN or mend the file."
        ) from error
    if not token:
        raise SettingsProblem(f"{path} is empty. Delete it, and a new token is made.")
    return AdminToken(token, path)


def nobodys_token() -> AdminToken:
    """For a process that lets nobody in: kept nowhere, and told to nobody."""
    return AdminToken(secrets.token_urlsafe(_SECRET_BYTES), None)


def token_path(settings: Settings) -> Path:
    """Where the admin's token is kept that isn't in the settings."""
    return settings.data_dir / _FILE


def _keep(path: Path, token: str) -> None:
    """Puts the token in place whole: of two processes that start at once, the first one's stays."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{token}\n")
        try:
            path.hardlink_to(fresh)
        except FileExistsError:
            return
    finally:
        fresh.unlink()
