"""The bank's registers: what codes, places and days mean, and how the organisation changed (rows with validity)."""

from __future__ import annotations

import datetime as dt

import polars as pl

from cxmetrics.sample.cases import PRODUCTS
from cxmetrics.sample.drawing import MOMENT
from cxmetrics.sample.incidents import STORM_CODE
from cxmetrics.sample.people import (
    BRANCHES,
    MANAGERS,
    REGION_OF_BRANCH,
    REGION_SIZES,
    REGIONS,
    REORGANISED,
    SEGMENTS,
    TIERS,
)
from cxmetrics.sample.questionnaires import ASKED, QUESTIONS, SCALES
from cxmetrics.sample.rhythm import Calendar
from cxmetrics.sample.systems import BUSINESS_ERRORS, DOWNTIMES, ERRORS
from cxmetrics.sample.world import World

MOVED = (7, 23, 41)  # branches that were put under another district in the middle of the window
Frames = dict[str, pl.DataFrame]


def branch_table() -> pl.DataFrame:
    """The branches as they are: region, the city's tier, counter windows."""
    windows = [3 + (7 * number) % 5 for number in range(len(BRANCHES))]
    return pl.DataFrame(
        {
            "branch": list(BRANCHES),
            "region": [REGIONS[r] for r in REGION_OF_BRANCH],
            "city_tier": [TIERS[r] for r in REGION_OF_BRANCH],
            "windows": windows,
        }
    )


def registers(world: World) -> Frames:
    """Every register by its name; times of validity are days, the last one in it, or empty until further notice."""
    middle = world.calendar.date(world.calendar.days // 2)
    return {
        "org": _org(world.calendar, middle),
        "employee": _employees(world.calendar.first_day, middle),
        "product": _products(world.calendar.first_day),
        "touchpoint": _touchpoints(),
        "question": _questions(),
        "error_code": _errors(world.calendar.first_day),
        "calendar": _days(world.calendar),
        "maintenance_window": _maintenance(world.calendar),
        "population_margin": _margins(world),
        "shared_device": _shared_devices(world),
    }


def _org(calendar: Calendar, middle: dt.date) -> pl.DataFrame:
    first, later = calendar.first_day, calendar.date(calendar.reorganised)
    rows: list[tuple[str, str, str, str, dt.date, dt.date | None]] = []
    for number, branch in enumerate(BRANCHES):
        region = REGIONS[REGION_OF_BRANCH[number]]
        district = f"{region}-{number % 3 + 1}"
        if number in MOVED:
            rows.append((branch, district, region, "HQ", first, middle - dt.timedelta(1)))
            rows.append((branch, f"{region}-{(number + 1) % 3 + 1}", region, "HQ", middle, None))
        elif number == REORGANISED[0] and calendar.reorganised < calendar.days:
            rows.append((branch, district, region, "HQ", first, later - dt.timedelta(1)))
            rows.append((branch, f"{REGIONS[REORGANISED[1]]}-1", REGIONS[REORGANISED[1]], "HQ", later, None))
        else:
            rows.append((branch, district, region, "HQ", first, None))
    names = {"branch": pl.String, "district": pl.String, "region": pl.String, "head_office": pl.String,
             "valid_from": pl.Date, "valid_until": pl.Date}
    return pl.DataFrame(rows, schema=names, orient="row")


def _employees(first: dt.date, middle: dt.date) -> pl.DataFrame:
    """Relationship managers, of whom one in twelve changes the branch in the middle of the window."""
    rows = []
    for number, manager in enumerate(MANAGERS):
        home, other = BRANCHES[number // 3], BRANCHES[(number // 3 + 1) % len(BRANCHES)]
        moves = number % 12 == 5
        rows.append((manager, home, first, middle - dt.timedelta(1) if moves else None))
        if moves:
            rows.append((manager, other, middle, None))
    names = {"employee": pl.String, "branch": pl.String, "valid_from": pl.Date, "valid_until": pl.Date}
    return pl.DataFrame(rows, schema=names, orient="row")


def _products(first: dt.date) -> pl.DataFrame:
    return pl.DataFrame({"product": list(PRODUCTS), "line": ["deposit", "credit", "credit"],
                         **_valid_since(first, len(PRODUCTS))})


def _valid_since(first: dt.date, rows: int) -> dict[str, pl.Series]:
    """Validity from a day on, without an end."""
    return {"valid_from": pl.Series([first] * rows), "valid_until": pl.Series([None] * rows, dtype=pl.Date)}


def _touchpoints() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "touchpoint": ["relationship", *ASKED],
            "question": ["nps", *(row[0] for row in ASKED.values())],
            "journey": [None, *(row[1] for row in ASKED.values())],
            "channel": ["app", *(row[3] for row in ASKED.values())],
        }
    )


def _questions() -> pl.DataFrame:
    """The scales; 98 and 99 mean "no answer" on each that is not a yes or no."""
    return pl.DataFrame(
        {
            "question": list(QUESTIONS),
            "scale_id": list(SCALES.values()),
            "lowest": [row[0] for row in QUESTIONS.values()],
            "highest": [row[1] for row in QUESTIONS.values()],
            "no_answer": ["" if name == "solved" else "98 99" for name in QUESTIONS],
            "by_keypad": ["1 3 5" if name == "csat" else None for name in QUESTIONS],
            "direction": ["up"] * len(QUESTIONS),
            "anchors_version": [1] * len(QUESTIONS),
        }
    )


def _errors(first: dt.date) -> pl.DataFrame:
    """The codes of failures and what customers read of them; all hold from the first day of the window on."""
    business, technical = len(BUSINESS_ERRORS), len(ERRORS) + 1
    told = ["余额不足", "超过限额", "账户已销户"]
    return pl.DataFrame(
        {
            "error_code": [*BUSINESS_ERRORS, *ERRORS, STORM_CODE],
            "class": ["business"] * business + ["technical"] * technical,
            "system": ["core"] * business + ["gateway"] * len(ERRORS) + ["payments"],
            "customer_message": told + ["系统繁忙，请稍后再试"] * technical,
            **_valid_since(first, business + technical),
        }
    )


def _days(calendar: Calendar) -> pl.DataFrame:
    days = range(calendar.days)
    kinds = ["holiday" if calendar.is_holiday(day) else "weekend" if calendar.is_weekend(day) else "workday"
             for day in days]
    return pl.DataFrame({"date": [calendar.date(day) for day in days], "kind": kinds})


def _maintenance(calendar: Calendar) -> pl.DataFrame:
    """The hours of the night in which machines are not there on purpose, and why not."""
    hour = 3_600_000_000
    found = sorted((calendar.midnight(day) + one.hour * hour, kind) for kind, one in DOWNTIMES.items()
                   for day in range(one.first, calendar.days, one.days))
    starts, kinds = [start for start, _ in found], [kind for _, kind in found]
    moments = {name: pl.Series(values, dtype=pl.Int64).cast(MOMENT)
               for name, values in (("starts", starts), ("ends", [start + hour for start in starts]))}
    windows = pl.Series([f"MW{number}" for number in range(1, len(starts) + 1)], dtype=pl.String)
    return pl.DataFrame({"window": windows, **moments, "kind": pl.Series(kinds, dtype=pl.String)})


def _shared_devices(world: World) -> pl.DataFrame:
    """Phones that more than one customer has."""
    of = world.people.device.filter(pl.Series(world.people.shared))
    return pl.DataFrame({"device_hash": of}).group_by("device_hash").agg(pl.len().alias("holders")).sort("device_hash")


def _margins(world: World) -> pl.DataFrame:
    """How many customers the bank has, by region and segment: what answers are weighted to."""
    rows = [(region, segment, round(world.customers * size / sum(REGION_SIZES) * part))
            for region, size in zip(REGIONS, REGION_SIZES, strict=True) for segment, part in SEGMENTS.items()]
    return pl.DataFrame(rows, schema=["region", "segment", "customers"], orient="row")
