"""The bank's own books: customers by day, region and segment; the panel by month with its money."""

from __future__ import annotations

import numpy as np
import polars as pl

from cxmetrics.sample.drawing import Floats, Ints, Random, chance, label, lognormal, maybe, moment
from cxmetrics.sample.people import BRANCHES, REGIONS, SEGMENTS
from cxmetrics.sample.rhythm import DAY, Slots
from cxmetrics.sample.world import Frames, Theme, World

NPS_TO_AUM = 0.004  # growth of a month's assets for one point of the last recommendation above the middle
NPS_MIDDLE = 7.5
GROWTH = 0.003
HOLDERS = (0.12, 0.55, 0.9)
CONTACTED = (0.2, 0.72, 0.88)  # by segment, whom the manager has called within 90 days


def _customer_days(world: World, slots: Slots, _rng: Random) -> Frames:
    days = np.arange(slots.first, slots.last, dtype=np.int64)
    regions, segments = len(REGIONS), len(SEGMENTS)
    cell = np.tile(np.arange(regions * segments), len(days))
    day = np.repeat(days, regions * segments)
    region, segment = cell // segments, cell % segments
    size = world.people.branches_of_regions()[region] / len(BRANCHES) * np.array(list(SEGMENTS.values()))[segment]
    customers = np.rint(world.customers * size * (1 + 0.0003 * day)).astype(np.int64)
    noon = np.array([world.calendar.midnight(int(d)) for d in days], dtype=np.int64) + DAY // 2
    frame = pl.DataFrame(
        {
            "as_of": moment(np.repeat(noon, regions * segments)),
            "region": label(REGIONS, region),
            "segment": label(list(SEGMENTS), segment),
            "active_customers": customers,
            "wealth_holders": np.rint(customers * np.array(HOLDERS)[segment]).astype(np.int64),
            "card_holders": np.rint(customers * 0.35).astype(np.int64),
            "marketing_touches": np.rint(customers * 0.08).astype(np.int64),
        }
    )
    return {"customer_day": frame}


def churn(nps: Ints) -> Floats:
    """The chance to leave within a month, by the last recommendation."""
    found: Floats = np.clip(0.022 - 0.004 * (nps - NPS_MIDDLE), 0.002, 0.2)
    return found


def _growth(world: World, who: np.ndarray, rng: Random) -> Floats:
    points = world.people.last_nps(who) - NPS_MIDDLE
    return GROWTH + NPS_TO_AUM * points + 0.02 * rng.standard_normal(len(who))


def _customer_months(world: World, slots: Slots, rng: Random) -> Frames:
    people, calendar = world.people, world.calendar
    days = [day for day in range(slots.first, slots.last) if day == 0 or calendar.date(day).day == 1]
    who = np.tile(np.arange(len(people), dtype=np.int64), len(days))
    noon = np.array([calendar.midnight(day) + DAY // 2 for day in days], dtype=np.int64)
    n = len(who)
    nps = people.last_nps(who)
    aum = people.wealth[who] * np.exp(0.1 * rng.standard_normal(n))
    growth = _growth(world, who, rng)
    visited = chance(rng, np.array(CONTACTED)[people.segment[who]], n)
    frame = pl.DataFrame(
        {
            **people.columns(who),
            "branch": label(BRANCHES, people.branch[who]),
            "month": moment(np.repeat(noon, len(people))),
            "aum": np.round(aum, 2),
            "aum_growth": np.round(growth, 6),
            "aum_change": np.round(aum * growth, 2),
            "deposits": np.round(aum * 0.35, 2),
            "revenue": np.round(aum * 0.0011, 2),
            "products_n": 1 + rng.poisson(1.6, n),
            "mau": chance(rng, 0.62, n),
            "tenure_m": np.rint(lognormal(rng, 60, 0.7, n)).astype(np.int64),
            "last_nps": maybe(nps, chance(rng, 0.7, n)),
            "rm_contact_90d": visited,
            "churned": chance(rng, churn(nps), n),
        }
    )
    return {"o_customer_month": frame}


CUSTOMER_DAYS = Theme(
    "customer_days", share=0.0, rhythm="flat", make=_customer_days, times={"customer_day": "as_of"}, spoils={}
)
CUSTOMER_MONTHS = Theme(
    "customer_months", share=0.0, rhythm="flat", make=_customer_months, times={"o_customer_month": "month"}, spoils={}
)
