"""Days: how they are put together in weeks and years, and which of them people work on."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Calendar:
    """How days are put together in weeks, quarters and years."""

    week_start: int = 0  # 0 Monday … 6 Sunday
    year_start: int = 1  # the month that years begin with: the quarters follow


PLAIN = Calendar()


@dataclass(frozen=True, slots=True)
class Holidays:
    """Days that are not as their weekday says: holidays, and weekend days that are made up as workdays; sorted."""

    off: tuple[dt.date, ...] = ()
    made_up: tuple[dt.date, ...] = ()

    @property
    def covered(self) -> tuple[dt.date, dt.date] | None:
        """The first and the last day of the years that are told of; None where there is no calendar."""
        years = [day.year for day in (*self.off, *self.made_up)]
        return (dt.date(min(years), 1, 1), dt.date(max(years), 12, 31)) if years else None


NONE_TOLD = Holidays()
