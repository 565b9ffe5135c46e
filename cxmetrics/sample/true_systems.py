"""True values of what machines record: transactions, synthetic checks, devices, page timings."""

from __future__ import annotations

import numpy as np

from cxmetrics.sample.digital import FAR
from cxmetrics.sample.expectation import Mix, lognormal
from cxmetrics.sample.population import Cell
from cxmetrics.sample.systems import CODES, DOWNTIMES, SCRIPTS

_STORM, _SLOW, _LATE = 0.25, 0.06, 0.03  # rates on the days of an incident: of failures, of timeouts, of checks


def system_values(cell: Cell) -> dict[str, float]:
    """The true values, by indicator."""
    return {**_transactions(cell), **_pages(cell), **_machines(cell)}


def _rates(code: str, cell: Cell) -> tuple[float, float, float]:
    """The parts of transactions that end as biz_fail, tech_fail and timeout."""
    _, _, refused, failed, timeout = CODES[code]
    storm = cell.during("error_storm") if code == "qr_pay" else 0.0
    slow = cell.during("slow_api") if code == "transfer" else 0.0
    return refused, failed * (1 - storm) + _STORM * storm, timeout * (1 - slow) + _SLOW * slow


def _technical(code: str, cell: Cell) -> float:
    refused, failed, timeout = _rates(code, cell)
    return (1 - refused - failed - timeout) / (1 - refused)


def _transactions(cell: Cell) -> dict[str, float]:
    slow = cell.during("slow_api")
    _, median, refused, failed, timeout = CODES["transfer"]
    usual, slowed = 1 - refused - failed - timeout, 1 - refused - failed - _SLOW
    both = np.array([median, 4 * median]) / 1_000
    arrived = Mix(np.array([(1 - slow) * usual, slow * slowed]), both, 0.6)
    lasting = Mix(np.array([(1 - slow) * (1 - timeout), slow * (1 - _SLOW)]), both, 0.6)
    content, tolerant = lasting.below(0.5005), lasting.below(2.0005)
    wealth = CODES["wealth_buy"]
    return {
        "transfer_technical": _technical("transfer", cell),
        "qr_success": _technical("qr_pay", cell),
        "card_auth": _technical("card_auth", cell),
        "transfer_all": 1 - sum(_rates("transfer", cell)),
        "transfer_p95": arrived.quantile(0.95),
        "card_auth_p95": lognormal(CODES["card_auth"][1] / 1_000, 0.6).quantile(0.95),
        "transfer_apdex": (content + (tolerant - content) / 2) * float(lasting.parts.sum()),
        "subscribe_peak_errors": wealth[3] + wealth[4],
        "top_errors": _top_errors(cell),
    }


def _top_errors(cell: Cell) -> float:
    """Of failures, those with two of the three codes of business, with the first of the others, or of the storm."""
    traffic = np.array([row[0] for row in CODES.values()])
    refused, failed, timeout = traffic @ np.array([_rates(code, cell) for code in CODES])
    stormy = CODES["qr_pay"][0] * _STORM * cell.during("error_storm")
    named = refused * 2 / 3 + (failed - stormy + timeout) * 0.25 + stormy
    return float(named / (refused + failed + timeout))


def _pages(cell: Cell) -> dict[str, float]:
    regions = np.bincount(cell.world.people.region[cell.who], minlength=len(FAR)).astype(np.float64)
    shown = Mix(regions, 2.150 * (1 + 0.06 * np.array(FAR)), 0.42)
    first = Mix(np.repeat(shown.parts, 101), np.outer(shown.medians, np.linspace(0.55, 0.75, 101)).ravel(), 0.42)
    return {
        "balance_lcp": shown.quantile(0.75),
        "balance_inp": lognormal(0.155, 0.55).quantile(0.75),
        "balance_cls": lognormal(0.045, 0.8).quantile(0.75),
        "pages_fcp": first.quantile(0.75),
        "white_screens": 0.003,
    }


def _machines(cell: Cell) -> dict[str, float]:
    kept = 1 - np.sum([one.falls(cell.days) for one in DOWNTIMES.values()], axis=0) / 24  # such hours are left out
    slow = float(kept @ cell.world.incidents["slow_api"].strikes(cell.days) / kept.sum())
    return {
        "login_available": 1 - SCRIPTS["login"],
        "transfer_available": 1 - SCRIPTS["transfer"] * (1 - slow) - _LATE * slow,
        "atm_available": 1 - SCRIPTS["atm_heartbeat"],
        "open_probe": 1 - SCRIPTS["open_account"],
        "atm_success": 1 - 0.004 - 0.0004,
        "cards_swallowed": 10_000 * 0.0004,
        "staff_help": 0.16,
        "machine_time": 75.0,
    }
