"""Who may hold how much of the memory that a run was asked to keep within; what does not fit waits on the disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_NUMBER = 64  # bytes of memory for a number of a block of points: the number, what it is made of, what is made of it
_STATE = 300  # for a state of the slices in hand: the row, what it is merged to, and its numbers
_VALUE = 900  # for a row of values that is put in order


@dataclass(frozen=True, slots=True)
class Budget:
    """So many bytes, and a folder of one's own for what waits.

    Stages follow each other: an engine may take all of it, and gives it back.  After it values wait in a quarter, and
    in each of the others are the states of some slices, what is made of them, and what is written.
    """

    size: int
    folder: Path

    @property
    def engine(self) -> str:
        """What an engine may take, as DuckDB is told of it."""
        return f"{self.size}B"

    @property
    def numbers(self) -> int:
        """Of a block of points, at a time."""
        return max(self.size // 4 // _NUMBER, 1)

    @property
    def states(self) -> int:
        """Of a cut, at a time."""
        return max(self.size // 4 // _STATE, 1)

    @property
    def waiting(self) -> int:
        """Bytes of values that wait in memory."""
        return self.size // 4

    @property
    def values(self) -> int:
        """Rows of values that are put in order at a time."""
        return max(self.size // 4 // _VALUE, 1)
