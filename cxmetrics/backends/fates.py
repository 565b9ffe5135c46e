"""What can become of a value and of a row, as numbers that every engine writes beside them."""

from __future__ import annotations

from collections.abc import Mapping

# Of a value.
FINE, TYPE, SCALE, VALUES, NOT_FINITE = range(5)
REASONS: Mapping[int, str] = {TYPE: "type", SCALE: "scale", VALUES: "values"}  # in the order they are looked for

# Of a row; 0 too if it counts.
DROPPED, DUPLICATE = 1, 2
FIRST_REASON = 3  # further ones are places in `Needs.reasons`, counted from here
