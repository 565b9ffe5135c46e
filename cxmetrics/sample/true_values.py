"""The true values of the indicators of the retail bank: what every table would give if it had no end.

Durations are in seconds, shares parts of 1, NPS in points.  An indicator that only combines others has no value here.
"""

from __future__ import annotations

from functools import cache
from itertools import groupby

import numpy as np

from cxmetrics.sample.cases import (
    COMPLAINT_BUSINESS,
    COMPLAINTS,
    MERGED,
    PRODUCTS,
    REASONS,
    REQUESTS,
    THEMES,
    TRIGGERS,
)
from cxmetrics.sample.digital import DIGITAL, SAMPLED, SEEN
from cxmetrics.sample.drawing import Floats
from cxmetrics.sample.expectation import Mix, lognormal, over_normal, together, two
from cxmetrics.sample.journeys import STARTS, TASKS
from cxmetrics.sample.ledgers import CONTACTED, GROWTH, HOLDERS, NPS_MIDDLE, NPS_TO_AUM, churn
from cxmetrics.sample.people import BRANCHES, SEGMENTS
from cxmetrics.sample.population import Cell, cells
from cxmetrics.sample.questionnaires import RESPONSE
from cxmetrics.sample.surveys import SURVEYS
from cxmetrics.sample.true_opinions import opinion_values, opinions
from cxmetrics.sample.true_service import service_values
from cxmetrics.sample.true_systems import system_values
from cxmetrics.sample.world import World

DAY, HOUR = 86_400.0, 3_600.0
Values = dict[str, float]


def true_values(world: World) -> dict[str, dict[str, Values]]:
    """By indicator and month, the value of each region and of all together (`total`)."""
    found: dict[str, dict[str, Values]] = {}
    for month, of_month in groupby(cells(world), key=lambda cell: cell.month):
        held = None
        for cell in of_month:
            if held is None:
                held = opinions(world, cell.days, cell.weights("digital"))
            values = {**opinion_values(cell, held), **_digital(cell), **system_values(cell), **service_values(cell),
                      **_cases(), **_rates(cell), **_books(cell)}
            for indicator, value in values.items():
                found.setdefault(indicator, {}).setdefault(month, {})[cell.place] = value
    return dict(sorted(found.items()))


@cache
def _reached() -> Values:
    """By event, how many come there of a hundred that begin its task."""
    found: Values = {}
    for task in TASKS:
        present = 100.0
        for step in task.steps:
            found[step.event] = present * step.reach
            present = present if step.optional else found[step.event]
    return found


def _completed(begun: str, done: str) -> float:
    return _reached()[done] / _reached()[begun]


def _first_pass(event: str) -> float:
    step = next(step for task in TASKS for step in task.steps if step.event == event)
    return 1 - sum(part for _, part in step.failures)


def _spent(event: str) -> Mix:
    step = next(step for task in TASKS for step in task.steps if step.event == event)
    return lognormal(step.milliseconds / 1_000, step.spread)


COMPLETED = {
    "open_conversion": ("open_start", "open_success"),
    "open_field_errors": ("open_start", "form_error"),
    "reset_success": ("reset_start", "reset_success"),
    "search_click": ("search", "search_click"),
    "push_optout": ("push_arrive", "push_optout"),
    "wealth_conversion": ("wealth_browse", "wealth_buy"),
    "risk_completed": ("risk_start", "risk_done"),
    "report_opened": ("report_push", "report_open"),
    "points_redeemed": ("points_start", "points_success"),
    "benefit_redeemed": ("benefit_start", "benefit_success"),
    "update_success": ("update_start", "update_success"),
}
FIRST_PASSES = {
    "ocr_first_pass": "open_ocr",
    "face_first_pass": "open_face",
    "dual_record_pass": "dual_record",
    "risk_false_alarm": "risk_block",
}


def _digital(cell: Cell) -> Values:
    start, login = STARTS
    broken, slow = cell.broken(), cell.during("slow_api")
    wrong, failing = login.failures[0][1], login.failures[1][1] * (1 - broken) + 0.05 * broken
    submitted = _reached()["transfer_submit"] / 100
    arrived = _completed("transfer_submit", "transfer_success") - 0.06 * slow
    return {
        **{indicator: _completed(*events) for indicator, events in COMPLETED.items()},
        **{indicator: _first_pass(event) for indicator, event in FIRST_PASSES.items()},
        "open_time_median": _spent("open_success").quantile(0.5),
        "open_time_p90": _spent("open_success").quantile(0.9),
        "sms_in_time": _spent("sms_code").below(30),
        "push_in_time": _spent("push_arrive").below(60),
        "repeat_query": 0.11,
        "transfer_screens": 4.0,  # 1 + Poisson(3.4): 34 % are at most 3, 56 % at most 4
        "transfer_done": submitted * arrived,
        "cold_start_p75": two(start.milliseconds / 1_000, start.spread, broken, 2.2).quantile(0.75),
        "incompatible": start.failures[0][1],
        "login_technical": (1 - wrong - failing) / (1 - wrong),
        "login_all": 1 - wrong - failing,
        "login_time_p95": lognormal(login.milliseconds / 1_000, login.spread).quantile(0.95),
        "pages_viewed": cell.begun(DIGITAL.share, DIGITAL.rhythm) * SEEN / SAMPLED[0],
        "crash_free": 1 - (0.005 * (1 - broken) + 0.06 * broken),
        "anr_rate": 0.0025 * (1 - broken) + 0.02 * broken,
    }


@cache
def _cases() -> Values:
    """What stays open for days, which no incident touches."""
    _, hours, declined, withdrawn, days = PRODUCTS["loan"]
    decision = two(hours * HOUR, 0.7, 0.17, 1.8)
    return {
        "loan_approved": 1 - declined - withdrawn,
        "card_approved": 1 - PRODUCTS["card"][2] - PRODUCTS["card"][3],
        "loan_resubmit": 0.17,
        "loan_decision_median": decision.quantile(0.5),
        "loan_decision_p90": decision.quantile(0.9),
        "loan_disburse_p90": lognormal(days * DAY, 0.4).quantile(0.9),
        "card_in_hand_p90": lognormal(PRODUCTS["card"][4] * DAY, 0.4).quantile(0.9),
        "activated_30d": _used("account"),
        "card_activated_30d": _used("card"),
        "dispute_days": REQUESTS["dispute"][1] * 60,
        "early_repay_days": REQUESTS["early_repay"][1] * 60,
        "lost_card_time": REQUESTS["lost_card"][1] * 60,
        "unfreeze_time": REQUESTS["unfreeze"][1] * 60,
        "close_steps": 6.0,
        "manager_reply": lognormal(TRIGGERS["enquiry"][1], 0.9).below(4),
        "drawdown_contact": lognormal(TRIGGERS["drawdown"][1], 0.9).below(72),
        "change_notified": lognormal(TRIGGERS["manager_change"][1], 0.9).below(168),
        "limit_remarks": THEMES["limit"],
    }


def _used(product: str) -> float:
    """The part of approved applications that are in use within thirty days."""
    _, hours, _, _, days = PRODUCTS[product]
    after_approval = together(lognormal(days, 0.4), lognormal(6.0, 0.9))

    def in_time(again: float) -> float:
        def left(z: Floats) -> Floats:
            return np.array([after_approval(30 - hours * again / 24 * np.exp(0.7 * one)) for one in z])

        return over_normal(left, nodes=41)

    return 0.78 * (0.83 * in_time(1.0) + 0.17 * in_time(1.8))


def _rates(cell: Cell) -> Values:
    """What is complained of and asked, by how many there are who could."""
    size = 1.0 if cell.region is None else cell.world.people.branches_of_regions()[cell.region] / len(BRANCHES)
    exposed = cell.world.customers * size * float((1 + 0.0003 * cell.days).sum())
    holders = exposed * float(np.array(HOLDERS) @ np.array(list(SEGMENTS.values())))
    complaints = cell.begun(COMPLAINTS.share, COMPLAINTS.rhythm) * (1 - MERGED)
    per_month = 30 * 10_000 * complaints
    return {
        "complaint_rate": per_month / exposed,
        "loan_complaint_rate": per_month * COMPLAINT_BUSINESS["personal_loan"] / exposed,
        "card_complaint_rate": per_month * COMPLAINT_BUSINESS["credit_card"] / (exposed * 0.35),
        "mis_selling": per_month * REASONS["mis_selling"] / holders,
        "regulator_rate": 0.02 * complaints / exposed * 90 * 10_000_000,
        "touch_complaints": REASONS["marketing"] * complaints / (exposed * 0.08) * 1_000_000,
        "invitations_per_customer": cell.begun(SURVEYS.share, SURVEYS.rhythm) / exposed * 90,
        "survey_response": RESPONSE,
        "survey_optout": 0.015,
        "loan_complaint_share": COMPLAINT_BUSINESS["personal_loan"],
        "card_complaint_share": COMPLAINT_BUSINESS["credit_card"],
        "service_reason": REASONS["service_attitude"],
        "complaint_escalated": 0.02,
        "complaint_repeat": 0.07,
        "complaint_upheld": 0.38,
        "root_cause_mended": 0.72,
        "closed_15d": lognormal(5, 0.75).below(15),
        "closed_30d": lognormal(5, 0.75).below(30),
        "first_response_24h": lognormal(6, 0.9).below(24),
        "detractors_called": lognormal(18, 0.8).below(47.75),
    }


def _books(cell: Cell) -> Values:
    """Of the panel, which is known whole: what follows from the answers that its customers gave."""
    people, who = cell.world.people, cell.who
    nps, segments = people.last_nps(who), cell.segments()
    growth = people.wealth[who] * np.exp(0.1**2 / 2) * (GROWTH + NPS_TO_AUM * (nps - NPS_MIDDLE))
    found: Values = {}
    if (nps <= 6).any():
        found["low_score_churn"] = float(churn(nps[nps <= 6]).mean())
    if (nps <= 6).any() and (nps >= 9).any():
        found["aum_gap"] = float(growth[nps <= 6].mean() - growth[nps >= 9].mean())
    if segments[1:].any():
        found["manager_contact"] = float(segments[1:] @ np.array(CONTACTED[1:]) / segments[1:].sum())
    return found
