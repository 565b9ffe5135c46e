"""What machines record: API transactions, synthetic checks, self-service devices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from cxmetrics.sample.dirt import Spoil, as_made, blank, put, twice
from cxmetrics.sample.drawing import (
    Bools,
    Floats,
    Ints,
    Random,
    after,
    always,
    chance,
    choose,
    label,
    lognormal,
    moment,
    outcome,
)
from cxmetrics.sample.incidents import STORM_CODE
from cxmetrics.sample.people import BRANCHES, REGIONS
from cxmetrics.sample.rhythm import Slots
from cxmetrics.sample.world import Frames, Theme, World

RESULTS = ("success", "biz_fail", "tech_fail", "timeout")
UNKNOWN = "OK"  # what some interfaces say that nobody told of it
# Business code: traffic, median latency in ms, rates of biz_fail, tech_fail, timeout.
CODES: dict[str, tuple[float, float, float, float, float]] = {
    "login": (0.27, 260, 0.03, 0.0009, 0.0004),
    "transfer": (0.20, 420, 0.012, 0.0010, 0.0005),
    "qr_pay": (0.25, 240, 0.010, 0.0007, 0.0003),
    "balance": (0.12, 180, 0.001, 0.0006, 0.0002),
    "wealth_buy": (0.06, 520, 0.015, 0.0040, 0.0010),
    "card_auth": (0.10, 210, 0.020, 0.0012, 0.0004),
}
ERRORS = ("E1001", "E1002", "E2003", "E2010", "E3007", "E4001", "E4008", "E6002", "E7001", "E9000")
BUSINESS_ERRORS = ("B1001", "B1002", "B2001")  # too little money, limit reached, account closed
SYSTEMS = ("core", "payments", "gateway")
AMOUNTS = ("<100", "100-<1000", "1000-<10000", ">=10000")
API_CHANNELS = {"app": 0.86, "web": 0.14}
ISPS = ("telecom", "unicom", "mobile")
SLOW_LINE = ("xian", "unicom", 1.8)  # a region, its carrier with a long way to the bank, and how many times as long
SCRIPTS = {"login": 0.0025, "transfer": 0.003, "atm_heartbeat": 0.012, "open_account": 0.006}
TARGETS = {"login": "app-login", "transfer": "app-transfer", "atm_heartbeat": "atm-network", "open_account": "app-open"}
ATM_KINDS = {"withdraw": 0.5, "deposit": 0.3, "card_service": 0.2}


@dataclass(frozen=True, slots=True)
class Downtime:
    """An hour of the night in which machines are not there on purpose: from day `first` of the window every `days`."""

    hour: int
    first: int
    days: int
    fail: float  # part of checks

    def falls(self, day: Ints) -> Bools:
        """On which days."""
        return np.asarray(day % self.days == self.first, np.bool_)


DOWNTIMES = {"maintenance": Downtime(3, 6, 14, 0.7), "drill": Downtime(2, 20, 28, 0.3)}


def _api_results(world: World, slots: Slots, code: np.ndarray, rng: Random) -> tuple[np.ndarray, np.ndarray]:
    table = np.array([row[2:] for row in CODES.values()])
    rates = [table[code, column] for column in range(3)]
    names = list(CODES)
    slow = world.incidents["slow_api"].strikes(slots.day) & (code == names.index("transfer"))
    storm = world.incidents["error_storm"].strikes(slots.day) & (code == names.index("qr_pay"))
    rates[1] = np.where(storm, 0.25, rates[1])
    rates[2] = np.where(slow, 0.06, rates[2])
    return outcome(rng, list(rates), len(slots)), storm


def _error_codes(result: np.ndarray, storm: np.ndarray, rng: Random) -> pl.Series:
    n = len(result)
    popular = np.minimum(rng.geometric(0.25, n) - 1, len(ERRORS) - 1)
    business = len(ERRORS) + rng.integers(0, len(BUSINESS_ERRORS), n)
    none, stormy = len(ERRORS) + len(BUSINESS_ERRORS), len(ERRORS) + len(BUSINESS_ERRORS) + 1
    code = np.where(result == 1, business, np.where(storm & (result == 2), stormy, popular))
    return label([*ERRORS, *BUSINESS_ERRORS, None, STORM_CODE], np.where(result == 0, none, code).astype(np.int64))


def _api(world: World, slots: Slots, rng: Random) -> Frames:
    n = len(slots)
    who = world.people.sample(rng, n)
    code = choose(rng, {name: row[0] for name, row in CODES.items()}, n)
    result, storm = _api_results(world, slots, code, rng)
    slow = world.incidents["slow_api"].strikes(slots.day) & (code == list(CODES).index("transfer"))
    median: Floats = np.array([row[1] for row in CODES.values()])[code] * np.where(slow, 4.0, 1.0)
    hour = (slots.at // 3_600_000_000 + 8) % 24
    latency = np.where(result == 3, 15_000.0, lognormal(rng, median, 0.6, n))
    frame = pl.DataFrame(
        {
            "trace_id": np.arange(n, dtype=np.int64) + (slots.part << 32),
            "biz_code": label(list(CODES), code),
            **world.people.columns(who),
            "channel": label(list(API_CHANNELS), choose(rng, API_CHANNELS, n)),
            "start_ts": moment(slots.at),
            "latency_ms": np.rint(latency),
            "result": label([*RESULTS, UNKNOWN], result),
            "error_code": _error_codes(result, storm, rng),
            "system_id": label(SYSTEMS, code % len(SYSTEMS)),
            "amount_band": label([*AMOUNTS, None], np.where(code == 3, len(AMOUNTS), rng.integers(0, len(AMOUNTS), n))),
            "peak": (hour >= 9) & (hour < 12),  # the morning, when sales open
        }
    )
    return {"api_txn_log": frame}


def _probes(world: World, slots: Slots, rng: Random) -> Frames:
    n = len(slots)
    script = choose(rng, dict.fromkeys(SCRIPTS, 1.0), n)
    hour = (slots.at // 3_600_000_000 + 8) % 24
    down = {kind: (hour == one.hour) & one.falls(slots.day) for kind, one in DOWNTIMES.items()}
    fail = np.array(list(SCRIPTS.values()))[script]
    slow = world.incidents["slow_api"].strikes(slots.day) & (script == 1)
    fail = np.where(slow, 0.03, fail)
    for kind, one in DOWNTIMES.items():
        fail = np.where(down[kind], one.fail, fail)
    total = lognormal(rng, np.where(slow, 2_400.0, 620.0), 0.4, n)
    success = ~chance(rng, fail, n)
    region, isp = rng.integers(0, len(REGIONS), n), rng.integers(0, len(ISPS), n)
    place, carrier, times = SLOW_LINE
    total[(region == REGIONS.index(place)) & (isp == ISPS.index(carrier))] *= times
    frame = pl.DataFrame(
        {
            "probe_id": np.arange(n, dtype=np.int64) + (slots.part << 32),
            "script_id": label(list(SCRIPTS), script),
            "region": label(REGIONS, region),
            "started_at": moment(slots.at),
            "isp": label(ISPS, isp),
            "success": success,
            "status_code": np.where(success, 200, np.where(down["maintenance"], 503, 504)),
            "dns_ms": np.rint(total * 0.05),
            "connect_ms": np.rint(total * 0.10),
            "tls_ms": np.rint(total * 0.15),
            "ttfb_ms": np.rint(total * 0.4),
            "total_ms": np.rint(total),
            **down,
            "step_no": np.arange(n, dtype=np.int64) % 3 + 1,
            "target": label(list(TARGETS.values()), script),
            "error": label([None, "gateway timeout", "maintenance"], np.where(success, 0, 1 + down["maintenance"])),
        }
    )
    return {"probe_result": frame}


def _atm(world: World, slots: Slots, rng: Random) -> Frames:
    n = len(slots)
    who = world.people.sample(rng, n)
    branch = world.people.branch[who]
    result = outcome(rng, [0.004, 0.0004], n)
    frame = pl.DataFrame(
        {
            "txn_id": np.arange(n, dtype=np.int64) + (slots.part << 32),
            "branch": label(BRANCHES, branch),
            "region": label(REGIONS, world.people.region_of_branch[branch]),
            "segment": world.people.segments(who),
            "channel": always("branch", n),
            "kind": label(list(ATM_KINDS), choose(rng, ATM_KINDS, n)),
            "started_at": moment(slots.at),
            "ended_at": moment(after(slots.at, lognormal(rng, 75, 0.5, n))),
            "result": label(("success", "tech_fail", "card_swallowed"), result),
            "staff_help": chance(rng, 0.16, n),
        }
    )
    return {"atm_txn": frame}


API = Theme(
    "api",
    share=0.14,
    rhythm="digital",
    make=_api,
    times={"api_txn_log": "start_ts"},
    spoils={
        "api_txn_log": (
            Spoil("nan_measure", 0.001, blank("latency_ms")),
            Spoil("unknown_value", 0.0005, put("result", UNKNOWN)),
            Spoil("null_result", 0.0005, put("result", None)),
            twice(0.001),
        )
    },
)
PROBES = Theme(
    "probes",
    share=0.03,
    rhythm="flat",
    make=_probes,
    times={"probe_result": "started_at"},
    spoils={"probe_result": tuple(as_made(kind, pl.col(kind)) for kind in DOWNTIMES)},
)
ATM = Theme("atm", share=0.02, rhythm="office", make=_atm, times={"atm_txn": "started_at"}, spoils={})
