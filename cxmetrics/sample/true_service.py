"""True values of people serving people: branches, calls, chats, mystery visits."""

from __future__ import annotations

from functools import partial
from math import sqrt

import numpy as np

from cxmetrics.sample.drawing import Floats
from cxmetrics.sample.expectation import Mix, below, lognormal, over_normal, quantile, together
from cxmetrics.sample.incidents import QUEUEING
from cxmetrics.sample.people import REGION_OF_BRANCH
from cxmetrics.sample.population import Cell, hours
from cxmetrics.sample.service import BUSINESS, FULL_MARKS, INTENTS, PRESSED, SERVICE_MINUTES, TEAMS, windows

_GONE, _GONE_OF_QUEUE, _QUEUE_TIMES, _PEAK_TIMES = 0.05, 0.30, 3.0, 1.5
_PEAK = (10, 11)


def service_values(cell: Cell) -> dict[str, float]:
    """The true values, by indicator."""
    return {**_branch(cell), **_counter(cell), **_visits(cell), **_calls(cell), **_chats()}


def _queueing(cell: Cell) -> Floats:
    """By branch, the part of its tickets that are taken while it queues."""
    found = np.zeros(len(REGION_OF_BRANCH))
    found[QUEUEING] = cell.during("queueing_branch", "office")
    return found


def _waiting(cell: Cell) -> Mix:
    """How long those wait who are called."""
    branches, queue, peak = cell.branches(), _queueing(cell), hours("office", _PEAK)
    usual = 390.0 * np.exp(-0.6 * cell.world.people.branch_mood)
    called, of_queue = branches * (1 - queue) * (1 - _GONE), branches * queue * (1 - _GONE_OF_QUEUE)
    parts = [called * (1 - peak), called * peak, of_queue * (1 - peak), of_queue * peak]
    times = [1.0, _PEAK_TIMES, _QUEUE_TIMES, _QUEUE_TIMES * _PEAK_TIMES]
    held, medians = np.concatenate(parts), np.concatenate([usual * many for many in times])
    return Mix(held[held > 0], medians[held > 0], 0.6)


def _branch(cell: Cell) -> dict[str, float]:
    waiting, queue = _waiting(cell), float(cell.branches() @ _queueing(cell))
    opening = lognormal(SERVICE_MINUTES[list(BUSINESS).index("account_opening")] * 60, 0.4)
    return {
        "wait_median": waiting.quantile(0.5),
        "wait_p90": waiting.quantile(0.9),
        "wait_over_10": 1 - waiting.below(600),
        "wait_over_30": 1 - waiting.below(1_800),
        "tickets_abandoned": _GONE * (1 - queue) + _GONE_OF_QUEUE * queue,
        "open_branch_time": quantile(together(waiting, opening), 0.5),
    }


def _counter(cell: Cell) -> dict[str, float]:
    of_business = np.array(list(BUSINESS.values()))
    minutes = dict(zip(BUSINESS, SERVICE_MINUTES.tolist(), strict=True))
    total = windows(np.arange(len(REGION_OF_BRANCH)))
    staffed = 0.72 * total + 0.28**total  # one window is open at least
    return {
        "service_time": Mix(of_business, SERVICE_MINUTES * 60, 0.4).mean(),
        **{f"service_time_{name}": lognormal(minutes[name] * 60, 0.4).mean() for name in ("cash", "card", "wealth")},
        "windows_at_peak": float(cell.branches() @ staffed / (cell.branches() @ total)),
        "counter_rating": 0.99 + 0.01 / 4,
        "avoidable_tickets": BUSINESS["info_update"] + BUSINESS["transfer"],
    }


def _visits(cell: Cell) -> dict[str, float]:
    """Visits go to branches alike; each has a fatal item of 8 points, four others of 8, and fifteen of 4."""
    moods = cell.world.people.branch_mood
    there = moods if cell.region is None else moods[cell.region == cell.world.people.region_of_branch]
    good = np.clip(0.92 + 0.05 * there, 0, 0.995).mean()
    asked = 0.98  # what is not applicable is left out, but for the fatal item
    points = 0.985 * 8 + 0.015 + asked * (4 * (good * 8 + 1 - good) + 15 * (good * 4 + 1 - good))
    return {"mystery_score": float(points / (8 + asked * (4 * 8 + 15 * 4))), "mystery_fatal": 0.015}


def _calls(cell: Cell) -> dict[str, float]:
    storm = cell.during("error_storm", "phone")
    answered = seconds = soon = 0.0
    for part, median in ((1 - storm, 9.0), (storm, 27.0)):
        answered += part * float(below(np.log(75 / median) / sqrt(0.9**2 + 0.8**2)))
        seconds += part * over_normal(partial(_waited, median))
        soon += part * over_normal(partial(_soon, median))
    again = float((0.24 - 0.03 * cell.world.people.standing(cell.who)).mean())
    return {
        "answer_rate": answered,
        "calls_abandoned": 1 - answered,
        "answered_20s": soon,
        "answer_speed": seconds / answered,
        "solved_system": 1 - again,
        "call_transfers": 0.18,
        "ivr_steps": 3.2,
        "keypress_csat": again * _content(FULL_MARKS[0]) + (1 - again) * _content(FULL_MARKS[1]),
        "keypress_response": PRESSED * (1 - again / len(TEAMS)),
    }


def _content(full: float) -> float:
    """The part of marks that are 4 or 5, where that part is 5 and the others are 1 to 4 alike."""
    return full + (1 - full) / 4


def _waited(median: float, z: Floats) -> Floats:
    """Seconds waited by those who did not give up before."""
    wait = median * np.exp(0.9 * z)
    found: Floats = wait * below(np.log(75 / wait) / 0.8)
    return found


def _soon(median: float, z: Floats) -> Floats:
    """The part who are answered within 20 s, by how patient they are."""
    return below(np.log(np.minimum(20, 75 * np.exp(0.8 * z)) / median) / 0.9)


def _chats() -> dict[str, float]:
    unknown = INTENTS["unknown"]
    return {
        "bot_containment": 1 - (0.7 * unknown + 0.16 * (1 - unknown)),
        "bot_unknown": unknown,
        "person_60s": lognormal(22, 0.9).below(60),
        "chat_csat": float(below((3.9 - 3.5) / 0.9)),
        "bot_turns": 4.0,
    }
