"""Definitions as they were at a revision of Git.  The only door to the command `git`."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from cxmetrics.cli.session import Refusal

_READ = (".yaml", ".yml", ".csv")  # what definitions may be written in
_LINK = "120000"
_FILES = ("100644", "100755", _LINK)
_LARGEST = 20_000_000


def check_out(project: Path, revision: str, folder: Path) -> None:
    """Write the definition files of a project, as they were at a revision, into an empty folder.

    Raises `Refusal` where the folder is in no repository, or there is no such revision.
    """
    none = Refusal("diff.revision" if _in_repository(project) else "diff.no_git", revision=revision, project=project)
    commit = _git(project, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}",
                  otherwise=none).decode().strip()
    listed = _git(project, "ls-tree", "-r", "-z", "-l", commit, ".", otherwise=none)
    wanted = list(_files(listed.decode("utf-8", "surrogateescape")))
    asked = "".join(f"{blob}\n" for _, blob, _ in wanted).encode()
    answer = _git(project, "cat-file", "--batch", given=asked, otherwise=none)
    at = 0
    for mode, _, path in wanted:
        head = answer.index(b"\n", at)
        start, size = head + 1, int(answer[at:head].rpartition(b" ")[2])
        _write(folder / path, mode, answer[start:start + size])
        at = start + size + 1


def _in_repository(project: Path) -> bool:
    """Whether the folder of a project is under Git, and has a first commit."""
    try:
        return bool(_git(project, "rev-parse", "--verify", "--quiet", "HEAD", otherwise=Refusal("diff.no_git")))
    except Refusal as refusal:
        if refusal.key == "diff.git":
            raise
        return False


def _files(listed: str) -> Iterator[tuple[str, str, str]]:
    """Mode, object and path of the files that definitions may be written in."""
    for line in listed.split("\0"):
        told, _, path = line.partition("\t")
        mode, _, rest = told.partition(" ")
        _, blob, size = rest.split() if rest else ("", "", "-")
        inside = not PurePosixPath(path).is_absolute() and ".." not in PurePosixPath(path).parts
        if mode in _FILES and path.lower().endswith(_READ) and inside and int(size) <= _LARGEST:
            yield mode, blob, path


def _write(path: Path, mode: str, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if mode == _LINK:
        path.symlink_to(content.decode("utf-8", "surrogateescape"))
    else:
        path.write_bytes(content)


def _git(project: Path, *args: str, otherwise: Refusal, given: bytes = b"") -> bytes:
    """What git says, asked in the folder of a project."""
    call = ("git", "-C", str(project), *args)
    try:
        done = subprocess.run(call, input=given, capture_output=True, check=False)  # noqa: S603 - no shell
    except FileNotFoundError:
        raise Refusal("diff.git") from None
    if done.returncode:
        raise otherwise
    return done.stdout
