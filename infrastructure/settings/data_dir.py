"""The data directory: making it, and saying which path lacks which permission."""

import os
import stat
from pathlib import Path

from infrastructure.database.read_only import is_read_only
from infrastructure.settings.settings import SettingsProblem

_PERMISSIONS = {os.R_OK: "read", os.W_OK: "write", os.X_OK: "search"}
_AS_EFFECTIVE_USER = os.access in os.supports_effective_ids


def make_data_dir(path: Path) -> None:
    """Makes the data directory, for its owner only. Raises SettingsProblem."""
    try:
        path.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsProblem(
            f"The data directory {path} can't be made: {_why(path, error)}. "
            "Name another with --data-dir or WATCHLEDGER_DATA_DIR."
        ) from error
    check_permission(path, os.X_OK)


def check_permission(path: Path, *wanted: int) -> None:
    """Raises SettingsProblem where this process may not do with a path what it has to."""
    if found := lacking(path, *wanted):
        raise SettingsProblem(
            f"{found}. Grant it, or name another place with --data-dir or WATCHLEDGER_DATA_DIR."
        )


def lacking(path: Path, *wanted: int) -> str | None:
    """Which permission this process lacks to reach a path or for what is `wanted` of it.

    `wanted` are of os.R_OK, os.W_OK and os.X_OK. None where none is lacking, or nothing is there.
    """
    path = path.absolute()
    for each in (*reversed(path.parents), path):
        if not _may(each, os.F_OK) or (each != path and not each.is_dir()):
            return None
        for permission in wanted if each == path else (os.X_OK,):
            if permission == os.W_OK and is_read_only(each):
                return f"{each} lacks write permission: its file system is mounted read-only"
            if not _may(each, permission):
                return f"{each} lacks {_PERMISSIONS[permission]} permission for {_whom(each)}"
    return None


def _may(path: Path, permission: int) -> bool:
    return os.access(path, permission, effective_ids=_AS_EFFECTIVE_USER)


def _whom(path: Path) -> str:
    found = path.stat()
    user = f"user {os.geteuid()}" if os.name == "posix" else "this user"
    return f"{user} (it is of mode {stat.S_IMODE(found.st_mode):04o} and user {found.st_uid}'s)"


def _why(path: Path, error: OSError) -> str:
    """The permission that the nearest directory lacks that is there, or else the system's words."""
    nearest = next(each for each in path.absolute().parents if _may(each, os.F_OK))
    lacks = lacking(nearest, os.W_OK, os.X_OK) if nearest.is_dir() else None
    return lacks or str(error.strerror)
