"""The CSV files that the YAML of a project or a library names, to take records from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cxmetrics.codes import yaml_files as yaml_codes
from cxmetrics.diagnostics import Diagnostic, report
from cxmetrics.load.margin_files import RAKE, margin_paths
from cxmetrics.load.record_files import SECTIONS, Tables, paths_in
from cxmetrics.load.yaml_nodes import Map, read_nodes
from cxmetrics.source import Key, Located, Source

MAX_FILE = 2_000_000


def read_tables(root: Path, sources: Sequence[Source]) -> tuple[Tables, tuple[Diagnostic, ...]]:
    """The files that the YAML of the folder `root` takes records from, and what is wrong with reading them."""
    tables: dict[str, Source] = {}
    found: list[Diagnostic] = []
    for written in (path for source in sources for path in _named_in(source)):
        if written.value not in tables:
            table = _read(root.resolve(), written, found)
            if table is not None:
                tables[written.value] = table
    return tables, tuple(found)


def _named_in(source: Source) -> list[Located]:
    named = [Key(section) for section in SECTIONS if section in source.text]
    raked = RAKE in source.text
    root, _ = read_nodes(source) if named or raked else (None, ())  # what is wrong with it is told when it is loaded
    if not isinstance(root, Map):
        return []
    return [*(path for section in named for path in paths_in(root.get(section))), *margin_paths(root)]


def _read(root: Path, written: Located, found: list[Diagnostic]) -> Source | None:
    """A file inside the folder `root`; None where that has been reported."""
    try:
        path = (root / written.value.strip()).resolve()
        if not path.is_relative_to(root):
            found.append(report(yaml_codes.PATH_OUTSIDE, written.span, path=written.value))
            return None
        if not path.is_file():
            found.append(report(yaml_codes.UNREADABLE_FILE, written.span, help=yaml_codes.FROM_THE_PROJECT,
                                path=written.value, reason="no such file"))
            return None
        if path.stat().st_size > MAX_FILE:
            found.append(report(yaml_codes.TOO_LARGE, written.span, what=written.value, limit=f"{MAX_FILE:,}"))
            return None
        return Source(path.relative_to(root).as_posix(), path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError:
        found.append(report(yaml_codes.NOT_UTF8, written.span, path=written.value))
    except (OSError, ValueError) as error:  # ValueError: names that no file can have
        reason = getattr(error, "strerror", None) or "no such file"
        found.append(report(yaml_codes.UNREADABLE_FILE, written.span, path=written.value, reason=reason))
    return None
