"""The sample bank: a small retail bank made of seeded random numbers, with its truth written beside it.

`bank` has the files written, part by part, as `making` makes them; `rhythm` knows the days, `people` who lives in the
bank, `incidents` what goes wrong and when; `digital`, `systems`, `service`, `cases`, `surveys` and `ledgers` each make
the tables of one theme; `dirt` spoils rows at declared rates and counts what it did.  No network, no data from
elsewhere: every number is drawn.  Nothing is imported here: who makes parts needs no compiler.
"""
