"""`cxmetrics fmt`: definitions laid out in the one way there is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cxmetrics.cli.options import language_option
from cxmetrics.cli.session import Refusal, Session
from cxmetrics.cli.terminal import emit_parts, tell
from cxmetrics.cli.usage import Verb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cxmetrics.diagnostics import Diagnostic
    from cxmetrics.source import Source

STDIN = "-"


@click.command("fmt", cls=Verb)
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--check", is_flag=True)
@click.option("--diff", is_flag=True)
@language_option
@click.pass_obj
def fmt(session: Session, paths: tuple[Path, ...], check: bool, diff: bool) -> int:
    """Lay files out, or say which are not."""
    from cxmetrics.cli.faults import show
    from cxmetrics.layout import laid_out

    found: list[Diagnostic] = []
    changed = same = 0
    for path, source, problems in _sources(paths or (Path(),)):
        text, others = (None, ()) if source is None else laid_out(source)
        found += (*problems, *others)
        if source is None or text is None:
            continue
        changed, same = changed + (text != source.text), same + (text == source.text)
        if path == Path(STDIN) and not (check or diff):
            emit_parts((text,))
        elif text != source.text:
            _settle(session, path, source, text, check=check, diff=diff)
    if found:
        show(found, session)
    words = "fmt.checked" if check or diff else "fmt.done"
    tell(session.say(words, changed=session.count("files", changed), same=session.count("files", same)))
    return int(bool(found) or (check and changed > 0))


def _settle(session: Session, path: Path, source: Source, text: str, *, check: bool, diff: bool) -> None:
    """Write a file anew, show what would be written, or name it."""
    from difflib import unified_diff

    from cxmetrics.cli.whole_files import write_whole

    if diff:
        lines = unified_diff(source.text.splitlines(keepends=True), text.splitlines(keepends=True), source.path,
                             source.path)
        emit_parts(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
    elif check:
        tell(session.say("fmt.would", path=source.path))
    else:
        write_whole(path, text)


def _sources(paths: tuple[Path, ...]) -> Iterator[tuple[Path, Source | None, tuple[Diagnostic, ...]]]:
    """The files named, and the definitions of the folders named, each with what is wrong with reading it."""
    from cxmetrics.folders import definition_files
    from cxmetrics.load import MAX_FILE, read_bytes, read_file

    for path in paths:
        if path == Path(STDIN):
            yield path, *read_bytes(STDIN, sys.stdin.buffer.read(MAX_FILE + 1))
        elif path.is_dir():
            files = sorted(definition_files(path))
            if not files:
                raise Refusal("fmt.empty", path=path)
            for file in files:
                yield file, *read_file(file, file.as_posix(), path.resolve())
        elif path.is_file():
            yield path, *read_file(path, path.as_posix())
        else:
            raise Refusal("fmt.nothing", path=path)
