"""Files of text: what they are called, whether they hold anything, and how their bytes are characters."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, cast
from urllib.parse import unquote

from cxmetrics.codes import data
from cxmetrics.diagnostics import Fault, report

CSV_ENDINGS = ("csv", "tsv", "txt")
JSON_ENDINGS = ("jsonl", "ndjson", "json")
CHUNK = 1 << 20
MOST_COLUMNS = 10_000
TOO_MANY = f"it has more than {MOST_COLUMNS:,} columns"
NO_PARTITION = "__HIVE_DEFAULT_PARTITION__"  # the value of a partition folder that stands for null


def ending_of(path: Path) -> str:
    """What the name of a file ends in, packed or not."""
    return path.name.lower().removesuffix(".gz").rpartition(".")[2]


def is_text(path: Path) -> bool:
    """Whether a file is read as text, by the ending of its name; all others are Parquet."""
    return ending_of(path) in (*CSV_ENDINGS, *JSON_ENDINGS)


def shown(path: Path) -> str:
    """The path as a fact: whoever knows the project folder tells it from there (`seen_from_project`)."""
    return path.as_posix()


@contextmanager
def seen_from_project(root: Path) -> Iterator[None]:
    """Let faults raised inside name files by their path from the project folder `root`."""
    try:
        yield
    except Fault as fault:
        folder = f"{root.resolve().as_posix()}/"
        told = (replace(found, facts={name: fact.replace(folder, "") for name, fact in found.facts.items()})
                for found in fault.diagnostics)
        raise Fault(*told) from fault.__cause__


def unreadable(path: Path, problem: str) -> Fault:
    """CX702 for the file."""
    return Fault(report(data.FILE_UNREADABLE, None, path=shown(path), problem=problem))


def opened(path: Path) -> IO[bytes]:
    """The bytes of a file, unpacked where its name ends in `.gz`."""
    return cast("IO[bytes]", gzip.open(path)) if path.name.lower().endswith(".gz") else path.open("rb")


def chunks(path: Path) -> Iterator[bytes]:
    """The bytes of a file in pieces.  Raises `Fault` CX702."""
    try:
        with opened(path) as stream:
            while chunk := stream.read(CHUNK):
                yield chunk
    except (OSError, EOFError, zlib.error) as error:
        problem = "the packed stream is broken" if path.name.lower().endswith(".gz") else type(error).__name__
        raise unreadable(path, problem) from error


def is_blank(path: Path) -> bool:
    """Whether a file has nothing but blanks and line breaks in it."""
    try:
        with path.open("rb") as stream:
            if not stream.read(1):
                return True
        if not path.name.lower().removesuffix(".gz").endswith(tuple(f".{e}" for e in (*CSV_ENDINGS, *JSON_ENDINGS))):
            return False
        return all(not chunk.removeprefix(codecs.BOM_UTF8).strip() for chunk in chunks(path))
    except OSError as error:
        raise unreadable(path, error.strerror or type(error).__name__) from error


def as_utf8(path: Path, copy: Path) -> Path:
    """The file itself if it is UTF-8, else a copy of it in UTF-8, read as GB18030.

    Raises `Fault` CX709 with the offset of the first byte that is not UTF-8, where it is not GB18030 either.
    """
    offset = bad_byte(path)
    if offset is None:
        return path
    decoder = codecs.getincrementaldecoder("gb18030")()
    try:
        with copy.open("wb") as target:
            for chunk in chunks(path):
                target.write(decoder.decode(chunk).encode())
            target.write(decoder.decode(b"", final=True).encode())
    except UnicodeError as error:
        copy.unlink()
        raise Fault(report(data.ENCODING, None, path=shown(path), offset=offset)) from error
    return copy


def bad_byte(path: Path) -> int | None:
    """The offset (from 0, in the unpacked bytes) of the first byte that is not UTF-8."""
    decoder, offset = codecs.getincrementaldecoder("utf-8")(), 0
    for chunk in chunks(path):
        waiting = len(decoder.getstate()[0])
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as error:
            return offset - waiting + error.start
        offset += len(chunk)
    waiting = len(decoder.getstate()[0])
    return offset - waiting if waiting else None


def partitions(path: Path) -> dict[str, str | None]:
    """The columns and values that folders such as `region=North` give."""
    pairs = (part.partition("=") for part in path.parts[:-1] if "=" in part)
    return {key: None if value == NO_PARTITION else unquote(value) for key, _, value in pairs}
