"""Persons without their names: keyed hashes, and the random groups into which a sample is divided.

The key makes hashes of one project unlike those of another.  It is no secret: whoever has the definitions and a list
of names can find out whose hash is whose, so hashes are kept in states only, and shown nowhere.
"""

from __future__ import annotations

from hashlib import sha256

HEX = 32  # digits of a hash that are kept
UNIT_HEX = 16  # digits of those of units, which need not all be apart
GROUPED = 4  # digits of a hash that say the group
LABEL = 2  # characters of the name of a group
STRATUM = "\x1f"  # between whom a row is about and the stratum it was drawn from
PRIME = 2**31 - 1  # moments are divided into groups modulo it


def key_of(project: str) -> str:
    """The key of a project."""
    return sha256(project.encode()).hexdigest()[:16]


def hashed(text: str, key: str, digits: int = HEX) -> str:
    """The keyed hash of a text; what follows `STRATUM` stays as it is."""
    who, mark, stratum = text.partition(STRATUM)
    return sha256((key + who).encode()).hexdigest()[:digits] + mark + stratum


def group_of(hash_: str, groups: int) -> int:
    """The group of whoever has that hash."""
    return int(hash_[:GROUPED], 16) % groups


def label(group: int) -> str:
    """How a group is written in states."""
    return f"{group:02}"


def multiplier(key: str) -> int:
    """What moments are multiplied with, modulo `PRIME`, before they are divided into groups; above 2^30."""
    return 2**30 + int(key[:7], 16)
