"""The secret of a store, under which persons are hidden in its states.

It stands in a file of its own beside the ledger, which nobody else may read and which no export contains, or comes out
of the environment, where whoever copies the store is not to have it.  It is made at the first run of a project that has
persons, or rows of which one of a key counts.  No number depends on it; but states made under different ones cannot be
told to be of the same person.
"""

from __future__ import annotations

import os
from contextlib import suppress
from hashlib import blake2b, sha256
from pathlib import Path
from secrets import token_hex

from cxmetrics.codes import stores
from cxmetrics.diagnostics import Fault, report
from cxmetrics.store.buckets import settle, unwritable

VARIABLE = "CXMETRICS_KEY"
FILE = "key"
LEAST = 32  # characters
_NOBODY_ELSE = 0o600


def secret_of(folder: Path, *, make: bool = True) -> bytes:
    """The secret of the store in a folder; where there is none it is made, or else empty.  Raises `Fault` CX80x."""
    given = os.environ.get(VARIABLE)
    if given:
        return _digest(given, VARIABLE)
    path = folder / FILE
    try:
        if path.exists():  # of a pipe or a device nothing is read: it could wait, or have no end
            written = path.read_text("ascii") if path.is_file() else ""
        elif make:
            written = _made(folder)
        else:
            return b""
    except UnicodeDecodeError:
        written = ""
    except OSError as error:
        raise unwritable(path, error) from error
    return _digest(written, str(path))


def seed_of(secret: bytes) -> int:
    """What the keys of rows are hashed with, below 2^64."""
    return int.from_bytes(blake2b(b"keys of rows", key=secret, digest_size=8).digest())


def check_of(secret: bytes) -> str:
    """What tells secrets apart and tells nothing of them."""
    return blake2b(b"which secret", key=secret, digest_size=8).hexdigest()


def _digest(written: str, where: str) -> bytes:
    if len(written.strip()) < LEAST:
        raise Fault(report(stores.KEY_UNUSABLE, None, path=where, least=LEAST))
    return sha256(written.strip().encode(errors="surrogateescape")).digest()


def _made(folder: Path) -> str:
    """A new secret, on the disk, whole, before the file has its name.  Raises `OSError`."""
    text, unfinished = token_hex(32), folder / f"{FILE}.part"
    with suppress(FileNotFoundError):
        unfinished.unlink()
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _NOBODY_ELSE), "w", -1, "ascii") as file:
        file.write(f"{text}\n")
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(folder / FILE)
    settle(folder)
    return text
