"""What people do in the app: the steps of each task, how many go on, how long a step takes, how it fails."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """`reach`: share of those at the step before who come here; optional steps stop nobody who leaves them out."""

    event: str
    reach: float = 1.0
    milliseconds: float = 400.0
    spread: float = 0.4
    failures: tuple[tuple[str, float], ...] = ()
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """One thing a session may be for; `weight` is relative."""

    name: str
    weight: float
    steps: tuple[Step, ...]


STARTS = (
    Step("app_start", 1.0, 1_150, 0.45, (("incompatible", 0.004),)),
    Step("login", 1.0, 900, 0.55, (("wrong_password", 0.035), ("tech_fail", 0.0015))),
)


def _pair(name: str, weight: float, first: str, second: str, reach: float) -> Task:
    return Task(name, weight, (Step(first), Step(second, reach, 9_000, 0.6)))


TASKS = (
    Task(
        "account_opening",
        0.05,
        (
            Step("open_start"),
            Step("open_ocr", 0.93, 4_000, 0.5, (("rejected", 0.05),)),
            Step("open_face", 0.96, 5_000, 0.4, (("rejected", 0.045),)),
            Step("sms_code", 0.98, 6_000, 0.75),
            Step("form_error", 0.28, 0.0, 0.0, optional=True),
            Step("open_success", 0.86, 285_000, 0.45),
        ),
    ),
    Task(
        "transfers",
        0.22,
        (
            Step("transfer_start"),
            Step("transfer_submit", 0.95, 14_000, 0.5),
            Step("risk_block", 0.10, 60_000, 0.8, (("confirmed", 0.3),), optional=True),
            Step("transfer_success", 0.985, 1_300, 0.5),
        ),
    ),
    _pair("payment", 0.18, "pay_start", "pay_success", 0.99),
    Task("enquiries", 0.24, (Step("balance_query", 1.0, 800, 0.5),)),
    _pair("search", 0.07, "search", "search_click", 0.62),
    Task("push", 0.10, (Step("push_arrive", 1.0, 7_000, 1.0), Step("push_optout", 0.012, optional=True))),
    Task(
        "wealth_purchase",
        0.06,
        (
            Step("wealth_browse"),
            Step("wealth_detail", 0.6),
            Step("dual_record", 0.42, 90_000, 0.3, (("rejected", 0.06),)),
            Step("wealth_buy", 0.85, 20_000, 0.5),
        ),
    ),
    _pair("risk_assessment", 0.02, "risk_start", "risk_done", 0.84),
    _pair("holdings_report", 0.02, "report_push", "report_open", 0.38),
    _pair("points", 0.02, "points_start", "points_success", 0.91),
    _pair("benefit", 0.02, "benefit_start", "benefit_success", 0.88),
    _pair("password_reset", 0.015, "reset_start", "reset_success", 0.81),
    _pair("info_update", 0.015, "update_start", "update_success", 0.90),
)
