"""The sample bank: a small retail bank made of seeded random numbers, with its truth written beside it.

`bank` writes the files; `rhythm` knows the days, `people` who lives in the bank, `incidents` what goes wrong and
when; `digital`, `systems`, `service`, `cases`, `surveys` and `ledgers` each make the tables of one theme; `dirt`
spoils rows at declared rates and counts what it did.  No network, no data from elsewhere: every number is drawn.
"""

from cxmetrics.sample.bank import BYTES_A_ROW, write_bank

__all__ = ["BYTES_A_ROW", "write_bank"]
