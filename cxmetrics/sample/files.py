"""The files of the bank: Parquet, and CSV as an old system exports it."""

from __future__ import annotations

import io
from pathlib import Path

import polars as pl
import polars.selectors as cs

ROW_GROUP = 100_000
# A footer is Thrift (compact): field 5 is a list of one pair, the key as here and a value with its length before it;
# the stop of the pair follows, and the head of field 6 as the next one.
_NOTE, _STOP, _NEXT, _AFTER_FIELD_4 = b"\x19\x1c\x18\x0cARROW:schema\x18", b"\x00", b"\x18", b"\x28"
_TAIL = 8  # the length of the footer, in four bytes, and the mark of the format


def write_parquet(path: Path, frame: pl.DataFrame) -> None:
    """Write the file and its folder.  Columns of few texts are text to all who read it.  Raises `OSError`."""
    _write(path, *(_plain(_parquet(frame)) or [_parquet(frame.with_columns(cs.enum().cast(pl.String)))]))


def write_csv(path: Path, frame: pl.DataFrame, encoding: str) -> None:
    """Write the file and its folder, with times of the bank's clocks that do not say so.  Raises `OSError`."""
    local = frame.with_columns(pl.col(pl.Datetime).dt.convert_time_zone("Asia/Shanghai").dt.replace_time_zone(None))
    _write(path, local.write_csv(datetime_format="%Y/%m/%d %H:%M:%S").encode(encoding))


def _write(path: Path, *pieces: bytes | memoryview) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("wb") as file:
            file.writelines(pieces)
    except OSError as error:  # a full disk does not say of which file
        raise OSError(error.errno, error.strerror, str(path)) from error


def _parquet(frame: pl.DataFrame) -> memoryview:
    content = io.BytesIO()
    frame.write_parquet(content, row_group_size=ROW_GROUP, statistics=True, compression_level=1)
    return content.getbuffer()


def _plain(content: memoryview) -> list[bytes | memoryview] | None:
    """The file, in pieces, without the note by which Polars knows its own types again; None where it is made otherwise.

    The note says which texts a column of few texts may have, and Polars would refuse to compare them with others.
    Written so, such columns take a quarter of the time: nobody looks for the same texts a second time.
    """
    size = int.from_bytes(content[-_TAIL:-4], "little")
    before, note, after = bytes(content[-_TAIL - size : -_TAIL]).partition(_NOTE)
    length, place = _number(after)
    end = place + length
    if not note or after[end : end + 2] != _STOP + _NEXT:
        return None
    footer = before + _AFTER_FIELD_4 + after[end + 2 :]
    return [content[: -_TAIL - size], footer, len(footer).to_bytes(4, "little"), content[-4:]]


def _number(content: bytes) -> tuple[int, int]:
    """The number that bytes begin with (seven bits each, low ones first), and how many bytes it takes."""
    number = 0
    for place, byte in enumerate(content):
        number |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return number, place + 1
    return 0, 0
