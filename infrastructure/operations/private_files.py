"""Files that hold what people watched: made for their owner only, and on the disk once they are."""

import os
import stat
from pathlib import Path

_PRIVATE = stat.S_IRUSR | stat.S_IWUSR


def make_private(path: Path) -> None:
    """An empty file for its owner only, whatever was there. Raises OSError."""
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE))


def sync(path: Path) -> None:
    """Has a file, or the names in a directory, on the disk. Raises OSError."""
    if os.name != "posix":  # elsewhere a directory can't be opened
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
