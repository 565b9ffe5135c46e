"""Addresses of files as editors write them, and paths."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cxmetrics.folders import PROJECT_FILE

_DRIVE = 2


def path_of(uri: str) -> Path | None:
    """The path of a file; None for what is no file of this machine."""
    parts = urlsplit(uri)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        return None
    path = unquote(parts.path)
    if "\0" in path or not path.startswith("/"):
        return None
    if os.name == "nt" and path[_DRIVE:_DRIVE + 1] == ":":
        path = path[1:]
    return Path(os.path.normpath(path))


def uri_of(path: Path) -> str:
    """The address of a file."""
    return path.as_uri()


def project_of(path: Path) -> Path | None:
    """The folder of the project that a file lies in: the nearest above it with a `cxmetrics.yaml`."""
    return next((folder for folder in path.parents if (folder / PROJECT_FILE).is_file()), None)
