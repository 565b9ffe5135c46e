"""Benchmarks and peers: what others came to, and with whom an indicator is compared."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf
from typing import Literal

from cxmetrics.source import Span
from cxmetrics.units import Unit

Comparable = Literal["same_method", "same_definition", "reference_only"]
COMPARABLE: tuple[Comparable, ...] = ("same_method", "same_definition", "reference_only")
CENSUS = inf  # the n of a number that rests on everything there is
UNTOLD = "unknown"  # what a publisher does not say: n or the period of what is for reference only, or a date
EVER = (dt.date(1900, 1, 1), dt.date(2199, 12, 31))  # the period of such a number
NOT_TOLD = 0.0  # the n of one whose publisher does not say; only of those for reference


@dataclass(frozen=True, slots=True)
class Evidence:
    """Who published a benchmark, when, and what may be done with it; texts as they were written."""

    publisher: str
    date: str
    licence: str
    url: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A number of a peer for a period (its first and its last day), in `unit`.

    `unit` is the indicator's, but for one that is `reference_only` and was measured on another scale.
    `n` is how many answers it rests on, `CENSUS` for all there are, `NOT_TOLD`.  `method`: what is said of it, by key.
    """

    peer: str
    value: float
    unit: Unit
    first: dt.date
    last: dt.date
    period: str  # as it was written
    n: float
    comparable: Comparable
    method: tuple[tuple[str, str], ...]
    evidence: Evidence
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def counts(self) -> bool:
        """Whether it may be compared with."""
        return self.comparable != "reference_only"


@dataclass(frozen=True, slots=True)
class Computed:
    """Peers whose rows are in a source: each of `names` is a value of `column`, and `us` is ourselves."""

    source: str
    column: str
    us: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Peers:
    """The peers of an indicator: published ones as dated records, and computed ones.

    `named`: the one to compare with; None: the median of all that are comparable.
    """

    records: tuple[Benchmark, ...] = ()
    computed: Computed | None = None
    named: str | None = None

    @property
    def comparable(self) -> tuple[str, ...]:
        """The peers that may be compared with, each once."""
        published = (record.peer for record in self.records if record.counts)
        return tuple(dict.fromkeys((*published, *(self.computed.names if self.computed else ()))))

    @property
    def known(self) -> frozenset[str]:
        """All peers, those for reference only among them."""
        return frozenset((*self.comparable, *(record.peer for record in self.records)))

    def series(self, peer: str) -> Iterator[Benchmark]:
        """The comparable records of a peer, by when their periods begin and then end: a later one supersedes."""
        yield from sorted((record for record in self.records if record.peer == peer and record.counts),
                          key=lambda record: (record.first, record.last))


NOBODY = Peers()


def in_force(records: Iterator[Benchmark], until: dt.date) -> Benchmark | None:
    """Of records in order the last one whose period has begun by the day `until`."""
    found = None
    for record in records:
        if record.first > until:
            break
        found = record
    return found
