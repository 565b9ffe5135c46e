"""What was found to be hidden, by all that it follows from: found again for a unit of time that is as it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np

from cxmetrics.crews import Relief
from cxmetrics.disclosure.cells import Cut
from cxmetrics.disclosure.conceal import conceal
from cxmetrics.plan import Days
from cxmetrics.statistics.arrays import Flags

UNITS = 2  # of time, the last ones, that the days to come ask for again: that they are in, and that before it


@dataclass(frozen=True, slots=True)
class Memo:
    """Answers of `conceal`, by a print of its question: one bit a cell.

    `known`: those of before; `asked`: by the unit of time, those that were asked for.
    """

    known: Mapping[bytes, bytes] = field(default_factory=dict)
    asked: dict[Days, dict[bytes, bytes]] = field(default_factory=dict)

    def conceal(self, cuts: Sequence[Cut], bounds: int, small: Sequence[Flags], unit: Days,
                relief: Relief) -> Callable[[], list[Flags]]:
        """How to come by what `conceal` answers, of cells of a unit of time; what is not known is begun."""
        asked, told = _print(cuts, bounds, small), self.asked.setdefault(unit, {})
        known = told.get(asked) or self.known.get(asked)
        begun = known or relief.submit(_packed, (cuts, bounds, small))

        def answer() -> list[Flags]:
            told[asked] = begun if isinstance(begun, bytes) else begun.result()
            return _unpacked(told[asked], small)

        return answer

    @property
    def lasting(self) -> dict[bytes, bytes]:
        """Those that are worth keeping for another run."""
        return {asked: answer for unit in sorted(self.asked)[-UNITS:] for asked, answer in self.asked[unit].items()}


def _packed(question: tuple[Sequence[Cut], int, Sequence[Flags]]) -> bytes:
    return np.packbits(np.concatenate([flags.ravel() for flags in conceal(*question)])).tobytes()


def _print(cuts: Sequence[Cut], bounds: int, small: Sequence[Flags]) -> bytes:
    found = sha256(repr((bounds, [(cut.parent, cut.n.shape) for cut in cuts])).encode())
    for cut, flags in zip(cuts, small, strict=True):
        for each in (cut.up, cut.low, cut.high, cut.n, flags):
            found.update(np.ascontiguousarray(each).data)
    return found.digest()


def _unpacked(answer: bytes, small: Sequence[Flags]) -> list[Flags]:
    """The flags of cells, shaped as those of `small` ones."""
    sizes = [flags.size for flags in small]
    bits = np.unpackbits(np.frombuffer(answer, np.uint8), count=sum(sizes)).astype(np.bool_)
    return [part.reshape(flags.shape) for part, flags in zip(np.split(bits, np.cumsum(sizes)[:-1]), small, strict=True)]
