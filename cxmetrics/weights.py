"""Weights that a source works out: those of its rows raked to what is known of the population."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from cxmetrics.source import Span

Stretch = Literal["day", "week", "month", "quarter", "year", "all"]
STRETCHES: tuple[Stretch, ...] = get_args(Stretch)


@dataclass(frozen=True, slots=True)
class Margin:
    """How the population is spread over a dimension, or over several at once; the shares sum to 1."""

    dimensions: tuple[str, ...]
    shares: tuple[tuple[tuple[str, ...], float], ...]  # the values of the dimensions, and their share, above 0
    span: Span | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return ", ".join(self.dimensions)


@dataclass(frozen=True, slots=True)
class Rake:
    """What the weights of a source's rows have to meet, by themselves in each stretch of time.

    `low` and `high` bound the factors by which rows are multiplied, which are 1 on average.
    """

    margins: tuple[Margin, ...]
    per: Stretch = "month"
    low: float = 0.0
    high: float = float("inf")

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The dimensions that tell of a row which factor it has."""
        return tuple(dict.fromkeys(name for margin in self.margins for name in margin.dimensions))


def raked_by(rake: Rake | None) -> tuple[str, ...]:
    """The dimensions that tell of a row of a source how it is weighted; none where its rows are not raked."""
    return () if rake is None else rake.dimensions
