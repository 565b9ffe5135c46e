"""States: the mergeable numbers from which everything above the raw rows is computed.

The states of one source and one *family* (a tuple of dimensions) are a frame with the columns
`partial` (UInt32, index into `Plan.partials`), `day` (Date), `d0…` (String, the dimensions of the family in order),
`key` (Float64: null for sums and counts, the value in states by value, the extreme for `min` and `max`, the value for
`first` and `last`), `value` (Decimal(38, 0): the sum, or how many rows have that key; 1 for extremes; for `first` and
`last` when that was, in microseconds) and `text` (String: whose state it is, of
partials with states by text; null for all others).  There is one row a partial, day and
slice (and key, and text), and none where a partial has no rows.  All numbers are integers or extremes, so states
merge to the same bits in any order.
"""

from cxmetrics.states.frames import AMOUNT, DAY_0, LARGEST, ROWS_AT_ONCE, apart, concat, names, overflow, schema
from cxmetrics.states.merging import at_moments, merge, merge_by, period_start, without_texts
from cxmetrics.states.spreading import CELLS_AT_ONCE, spread, spread_all, spread_on_disk

__all__ = ["AMOUNT", "CELLS_AT_ONCE", "DAY_0", "LARGEST", "ROWS_AT_ONCE", "apart", "at_moments", "concat", "merge",
           "merge_by", "names", "overflow", "period_start", "schema", "spread", "spread_all", "spread_on_disk",
           "without_texts"]
