"""File systems that are mounted read-only, as the system does by itself where a disk fails."""

import os
from pathlib import Path


def is_read_only(path: Path) -> bool:
    """Whether what is at a path lies on a file system on which nothing can be written."""
    if not hasattr(os, "statvfs"):  # as on Windows
        return False
    try:
        return bool(os.statvfs(path).f_flag & os.ST_RDONLY)
    except OSError:
        return False
