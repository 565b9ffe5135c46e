"""Disclosure: what has to be hidden besides the small cells, so that none of them is found by subtraction.

An additive number is known day by day and slice by slice; what is shown of it are its sums over *cells*: a slice of a
cut, and an interval of days.  Cells that rest on too few rows are hidden, and as the other cells are sums of the same
numbers, others have to be hidden with them.  That is cell suppression (Willenborg and de Waal, Elements of Statistical
Disclosure Control, 2001, chapter 4; Fischetti and Salazar, Management Science 47(7), 2001), here with a proof:

    If one can change the numbers so that no shown cell changes, but every hidden cell does, then no hidden cell
    follows from the shown ones by linear algebra: both sets of numbers look the same to a reader.

Such a change is a *witness*.  `witness` looks for one with random numbers in exact arithmetic modulo a prime; what it
fails to change, `conceal` protects by hiding more, until a witness stands for all.  So whatever the choice of cells
is, it is safe, and a poor choice hides too much, never too little.  A cell without rows is known to be empty, and
is never part of a witness.

How many rows a cell has may be known to the reader: the proof is about the numbers, and holds for the counts alike.
"""

from __future__ import annotations

from cxmetrics.disclosure.cells import Cut
from cxmetrics.disclosure.conceal import conceal
from cxmetrics.disclosure.memo import Memo

__all__ = ["Cut", "Memo", "conceal"]
