"""What a composite makes of missing children, its power means, and how numbers are rounded: rules as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Renormalise:
    """Missing children are left out if the weight of those present is at least `min_coverage` (a share)."""

    min_coverage: float = 0.5


@dataclass(frozen=True, slots=True)
class NullIfMissing:
    """A composite with a missing child is missing."""


@dataclass(frozen=True, slots=True)
class Neutral:
    """A missing child counts as `value` (in the unit the children are combined in), unless all are missing."""

    value: float


@dataclass(frozen=True, slots=True)
class Carry:
    """A missing child counts as what it gave last, if that ended at most `days` before the period does.

    Children that are missing even so are left out, as with `Renormalise`.
    """

    days: int
    min_coverage: float = 0.5


@dataclass(frozen=True, slots=True)
class Required:
    """Without the children of these names, or with fewer than `least` of all, a composite is missing."""

    names: tuple[str, ...] = ()
    least: int = 0

    def __str__(self) -> str:
        return ", ".join((*self.names, *([f"at_least({self.least})"] if self.least else [])))


@dataclass(frozen=True, slots=True)
class PowerMean:
    """The power mean: 1 is the weighted mean, 0 the geometric, -1 the harmonic, 2 the quadratic."""

    exponent: float

    def __str__(self) -> str:
        return f"power({self.exponent:g})"


@dataclass(frozen=True, slots=True)
class AsWritten:
    """A formula over children says itself what a missing child leads to."""


MissingRule = Renormalise | NullIfMissing | Neutral | Carry | AsWritten



@dataclass(frozen=True, slots=True)
class Rounding:
    """`half_up(1)`, `half_even(1)`, `truncate(2)`, `to(0.5)`."""

    rule: Literal["half_up", "half_even", "truncate", "to"]
    parameter: float

    @property
    def step(self) -> float:
        """What rounded values are multiples of."""
        return self.parameter if self.rule == "to" else 10.0 ** -self.parameter
