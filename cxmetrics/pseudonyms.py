"""Persons without their names: keyed hashes, and the random groups into which a sample is divided.

Two keys, for two ends.  The group of a person is told by a hash whose key is the name of the project, which is no
secret: groups have to be the same in every store, for intervals rest on them, and one group of thirty tells of nobody.
Who is who in states is told by a hash under a secret of the store: without it nobody finds out whose states are whose,
whatever list of names he has.  No number depends on that secret.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b, sha256

HEX = 32  # digits of a hash that are kept
UNIT_HEX = 12  # digits of those of units: of ten million, one pair in five times is taken for one
GROUPED = 4  # digits of a hash that say the group
LABEL = 2  # characters of the name of a group
HIDDEN = "\x1e"  # between the group of somebody and his hash
STRATUM = "\x1f"  # between whom a row is about and the stratum it was drawn from
PRIME = 2**31 - 1  # moments are divided into groups modulo it


@dataclass(frozen=True, slots=True)
class Grouping:
    """How many groups persons fall into, and the key of the hash that says into which."""

    key: str
    count: int

    def label(self, text: str) -> str:
        """The name of the group of a text."""
        return label(group_of(hashed(text, self.key), max(self.count, 1)))


def key_of(project: str) -> str:
    """The key of a project's groups."""
    return sha256(project.encode()).hexdigest()[:16]


def hashed(text: str, key: str) -> str:
    """The hash of a text that says its group."""
    return sha256((key + text).encode()).hexdigest()[:HEX]


def hidden(text: str, grouping: Grouping, secret: bytes, digits: int = HEX) -> str:
    """What states tell of somebody: the group, and a hash under a secret (RFC 7693, at most 64 bytes).

    What follows `STRATUM` stays as it is.
    """
    who, mark, stratum = text.partition(STRATUM)
    told = blake2b(who.encode(), key=secret, digest_size=digits // 2).hexdigest()
    return f"{grouping.label(who)}{HIDDEN}{told}{mark}{stratum}"


def group_of(hash_: str, groups: int) -> int:
    """The group of whoever has that hash."""
    return int(hash_[:GROUPED], 16) % groups


def label(group: int) -> str:
    """How a group is written in states."""
    return f"{group:02}"


def multiplier(key: str) -> int:
    """What moments are multiplied with, modulo `PRIME`, before they are divided into groups; above 2^30."""
    return 2**30 + int(key[:7], 16)
