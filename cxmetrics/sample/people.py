"""Who and where: regions, branches, and a panel of customers with their habits and moods."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from cxmetrics.sample.drawing import Bools, Floats, Ints, Random, choose, label, on_scale

REGIONS = ("beijing", "shanghai", "shenzhen", "guangzhou", "hangzhou", "chengdu", "wuhan", "xian")
REGION_SIZES = (9, 9, 8, 8, 7, 7, 6, 6)  # branches in each; sixty in all
REGION_MOOD = (0.10, 0.05, 0.20, -0.05, 0.15, 0.0, -0.15, -0.25)
TIERS = (1, 1, 1, 1, 2, 2, 2, 2)
SEGMENTS = {"mass": 0.66, "gold": 0.20, "private": 0.14}
SEGMENT_MOOD = (0.0, 0.15, 0.35)
SEGMENT_WEIGHTS = (1.0, 0.8, 0.6)  # of answers to surveys
BRANCHES = tuple(f"B{number:03d}" for number in range(1, sum(REGION_SIZES) + 1))
MANAGERS = tuple(f"M{number:04d}" for number in range(3 * len(BRANCHES)))  # three at each branch
REGION_OF_BRANCH = np.repeat(np.arange(len(REGIONS)), REGION_SIZES).astype(np.int64)
REORGANISED = (33, 2)  # a branch that is put under another region, and which
_DEVICES, _NUMBERS = 1 << 40, 1 << 41  # what sets their hashes apart from those of customers
FAMILY = 25  # of so many customers, the second has the phone of the first
OS = {"android": 0.62, "ios": 0.30, "harmony": 0.08}


@dataclass(frozen=True, slots=True)
class People:
    """The panel: one position a customer in every array; `mood` is a standing opinion in standard deviations."""

    known: pl.DataFrame  # what rows say of customers: key, region and segment
    device: pl.Series  # a hash of the phone, by which those are known who have not logged in
    number: pl.Series  # a hash of the telephone number
    shared: Bools  # whether the phone is another customer's too
    branch: Ints
    region: Ints
    segment: Ints
    age: Ints
    os: Ints
    mood: Floats
    branch_mood: Floats  # by branch, not by customer, as is what follows
    region_of_branch: Ints
    wealth: Floats

    def __len__(self) -> int:
        return len(self.branch)

    @property
    def key(self) -> pl.Series:
        """The keys of the customers."""
        return self.known["customer_key"]

    def sample(self, rng: Random, n: int) -> Ints:
        """`n` customers, with repetition."""
        return rng.integers(0, len(self), size=n)

    def standing(self, who: Ints) -> Floats:
        """The lasting part of a customer's opinion: region, segment and person."""
        region: Floats = np.array(REGION_MOOD)[REGION_OF_BRANCH[self.branch[who]]]  # that of the first day
        segment: Floats = np.array(SEGMENT_MOOD)[self.segment[who]]
        return region + segment + 0.5 * self.mood[who]

    def reorganised(self) -> People:
        """The same people when a branch has been put under another region."""
        of_branch = REGION_OF_BRANCH.copy()
        of_branch[REORGANISED[0]] = REORGANISED[1]
        region = of_branch[self.branch]
        known = self.known.with_columns(region=label(REGIONS, region))
        return replace(self, known=known, region_of_branch=of_branch, region=region)

    def branches_of_regions(self) -> Ints:
        """How many branches each region has."""
        return np.bincount(self.region_of_branch, minlength=len(REGIONS))

    def answer_weights(self, who: Ints) -> Floats:
        """What an answer of these customers weighs in a survey."""
        found: Floats = np.array(SEGMENT_WEIGHTS)[self.segment[who]]
        return found

    def looked_after_by(self, who: Ints) -> Ints:
        """Which of the managers looks after these customers."""
        found: Ints = self.branch[who] * 3 + who % 3
        return found

    def columns(self, who: Ints) -> dict[str, pl.Series]:
        """Customer key, region and segment as columns."""
        return self.known[who].to_dict()

    def segments(self, who: Ints) -> pl.Series:
        """Their segments as a column."""
        return self.known["segment"][who]

    def last_nps(self, who: Ints) -> Ints:
        """The answer these customers gave to the last relationship survey, 0..10."""
        return on_scale(8.0 + 2.4 * self.standing(who), 0, 10)


def keys(seed: int, n: int) -> pl.Series:
    """Pseudonymous customer keys: sixteen hex digits of a mixed counter (splitmix64), distinct for one seed."""
    with np.errstate(over="ignore"):
        z = (np.arange(1, n + 1, dtype=np.uint64) + np.uint64(seed)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    text = z.astype(">u8").tobytes().hex()
    return pl.Series([text[place : place + 16] for place in range(0, 16 * n, 16)], dtype=pl.String)


def settle(seed: int, n: int, rng: Random) -> People:
    """Draw a panel of `n` customers."""
    size = rng.uniform(0.5, 1.5, len(BRANCHES))
    branch = rng.choice(len(BRANCHES), size=n, p=size / size.sum()).astype(np.int64)
    segment = choose(rng, SEGMENTS, n)
    wealth = np.array([3e4, 6e5, 8e6])[segment] * np.exp(0.7 * rng.standard_normal(n))
    holder = np.arange(n) - (np.arange(n) % FAMILY == 1)  # whose phone it is
    region = REGION_OF_BRANCH[branch]
    return People(
        known=pl.DataFrame({"customer_key": keys(seed, n), "region": label(REGIONS, region),
                            "segment": label(list(SEGMENTS), segment)}),
        device=keys(seed + _DEVICES, n)[holder],
        number=keys(seed + _NUMBERS, n)[holder],
        shared=np.bincount(holder, minlength=n)[holder] > 1,
        branch=branch,
        region=region,
        segment=segment,
        age=np.clip(np.rint(rng.normal(46, 16, n)), 18, 90).astype(np.int64),
        os=choose(rng, OS, n),
        mood=rng.standard_normal(n),
        branch_mood=0.25 * rng.standard_normal(len(BRANCHES)),
        region_of_branch=REGION_OF_BRANCH,
        wealth=wealth,
    )

