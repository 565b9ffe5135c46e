"""Samples of texts, by which a `distinct` with an `accuracy` tells how many different ones there are.

Every text has a level by its hash: half of all have 0, half of the others 1, and so on up to `TOP`.  Of a day and
slice with more than so many texts only those of a least level are kept, the lowest with which they are few enough; each
stands for twice as many a level (Wegman's adaptive sampling; Flajolet 1990, Computing 43: unbiased, standard error
1.20/√keep; of samples that are half full √(2/keep), which is reckoned with).
Which texts those are follows from the texts alone: samples merge in any order, and few texts are all kept.

The hash is no secret, as results may not depend on one.  So levels are few: who has a list of names learns of a kept
hash that it is of one of 2^`TOP` parts of it at most, and beyond keep · 2^`TOP` texts a sample grows by one of so
many.
"""

from __future__ import annotations

from hashlib import sha256
from math import ceil

SAMPLED = "sampled"  # of states by text: a text that is kept where there are few, or by its level
FINEST, COARSEST = 0.01, 0.2  # the accuracies that distincts take
TOP = 8  # the highest level
Z = 1.959964
_SALT = "cxmetrics distinct "


def kept_for(accuracy: float) -> int:
    """How many texts are kept so that at least 95 of 100 counts are off by no more than `accuracy`, a part of them."""
    return ceil(2 * (Z / accuracy) ** 2)


def level_of(text: str) -> int:
    """The level of a text: how many zeros its hash ends with."""
    number = int.from_bytes(sha256((_SALT + text).encode()).digest()[-4:]) | 1 << TOP
    return (number & -number).bit_length() - 1
