"""People serving people: phone calls, chats, tickets at the counter."""

from __future__ import annotations

import numpy as np
import polars as pl

from cxmetrics.sample.dirt import Spoil, as_made, put, told, twice
from cxmetrics.sample.drawing import (
    NEVER,
    Bools,
    Ints,
    Random,
    after,
    always,
    chance,
    choose,
    label,
    lognormal,
    maybe,
    moment,
    on_scale,
)
from cxmetrics.sample.incidents import QUEUEING
from cxmetrics.sample.people import BRANCHES, REGIONS
from cxmetrics.sample.rhythm import SECOND, Slots
from cxmetrics.sample.world import Frames, Theme, World

TELLERS = tuple(f"T{branch[1:]}{window}" for branch in BRANCHES for window in range(1, 9))  # one at each window
NO_BRANCH = "B999"
SECTIONS = ("safety", "premises", "manners", "advice")  # five items of a mystery visit each
VISITORS = tuple(f"v{number:02d}" for number in range(1, 41))
AGENTS = tuple(f"A{number:03d}" for number in range(1, 241))
TEAM = 20  # agents in each
TEAMS = tuple(f"T{number:02d}" for number in range(1, len(AGENTS) // TEAM + 1))
SKIPPING = 2  # the team whose agents do not pass on to the survey who calls again
UNSEEN = "survey_skipped"  # what they do; no row tells of it
PRESSED = 0.45  # of the callers whom an agent has passed on
FULL_MARKS = (0.965, 0.992)  # who calls again, and who does not
IVR_PATHS = ("1-0", "1-2-0", "2-0", "2-3-1-0", "3-0", "9-0")
LINES = {"retail": 0.7, "card": 0.3}
INTENTS = {"balance": 0.3, "transfer": 0.2, "card": 0.18, "loan": 0.1, "wealth": 0.12, "unknown": 0.10}
BUSINESS = {"cash": 0.34, "account_opening": 0.08, "card": 0.14, "wealth": 0.16, "info_update": 0.14, "transfer": 0.14}
TELLER = 0.03  # the part of full marks that the teller presses, as soon as the service ends
SERVICE_MINUTES = np.array([5.0, 16.0, 7.0, 13.0, 6.0, 5.5])


def windows(branch: Ints) -> Ints:
    """How many counter windows a branch has."""
    return 3 + (7 * branch) % 5


def _calls(world: World, slots: Slots, rng: Random) -> Frames:
    n = len(slots)
    who = world.people.sample(rng, n)
    busy = np.where(world.incidents["error_storm"].strikes(slots.day), 3.0, 1.0)
    wait = lognormal(rng, 9.0 * busy, 0.9, n)
    patience = lognormal(rng, 75, 0.8, n)
    answered = wait < patience
    lasted = np.where(answered, wait + lognormal(rng, 190, 0.6, n), patience)
    again = chance(rng, 0.24 - 0.03 * world.people.standing(who), n)
    agent = rng.integers(0, len(AGENTS), n)
    marked = np.where(chance(rng, np.where(again, *FULL_MARKS), n), 5, rng.integers(1, 5, n))
    would = answered & chance(rng, PRESSED, n)
    skipped = would & again & (agent // TEAM == SKIPPING)
    frame = pl.DataFrame(
        {
            "call_id": np.arange(n, dtype=np.int64) + (slots.part << 32),
            **world.people.columns(who),
            "channel": always("phone", n),
            "line": label(list(LINES), choose(rng, LINES, n)),
            "queue_in": moment(slots.at),
            "answered_at": moment(after(slots.at, wait, answered)),
            "ended_at": moment(after(slots.at, lasted)),
            "agent_id": label([None, *AGENTS], np.where(answered, 1 + agent, 0)),
            "team": label([None, *TEAMS], np.where(answered, 1 + agent // TEAM, 0)),
            "ivr_path": label(IVR_PATHS, rng.integers(0, len(IVR_PATHS), n)),
            "transfer_n": np.where(answered, rng.poisson(0.18, n), 0),
            "ivr_steps": 1 + rng.poisson(2.2, n),
            "abandon": ~answered,
            "repeat_7d": again,
            "ani_hash": world.people.number[who],
            "reason_code": label(list(INTENTS), who % len(INTENTS)),
            "keypress_score": maybe(marked, would & ~skipped),
            "__skipped": skipped,
        }
    )
    return {"call": frame}


def _chats(world: World, slots: Slots, rng: Random) -> Frames:
    n = len(slots)
    who = world.people.sample(rng, n)
    intent = choose(rng, INTENTS, n)
    unknown = intent == list(INTENTS).index("unknown")
    human = chance(rng, np.where(unknown, 0.7, 0.16), n)
    wait = lognormal(rng, 22, 0.9, n)
    asked = after(slots.at, lognormal(rng, 70, 0.5, n))
    frame = pl.DataFrame(
        {
            "chat_id": np.arange(n, dtype=np.int64) + (slots.part << 32),
            **world.people.columns(who),
            "channel": always("app", n),
            "started_at": moment(slots.at),
            "bot_turns": 1 + rng.poisson(3.0, n),
            "intent": label(list(INTENTS), intent),
            "human": human,
            "asked_human_at": moment(np.where(human, asked, NEVER)),
            "to_human_at": moment(after(asked, wait, human)),
            "resolved_flag": chance(rng, np.where(unknown, 0.35, 0.8), n),
            "score": maybe(on_scale(3.9 + 0.9 * rng.standard_normal(n), 1, 5), chance(rng, 0.2, n)),
        }
    )
    return {"chat_session": frame}


def _ratings(rated: Bools, rng: Random) -> dict[str, pl.Series]:
    """Marks on the pad, and how long after the end of the service they were pressed: some at once, by the teller."""
    n = len(rated)
    marked = np.where(chance(rng, 0.99, n), 5, rng.integers(1, 5, n))
    teller = (marked == 5) & chance(rng, TELLER, n)
    pressed = np.where(teller, 300, rng.integers(4_000, 40_000, n))
    return {"rating": maybe(marked, rated), "rated_after_ms": maybe(pressed, rated)}


def _tickets(world: World, slots: Slots, rng: Random) -> Frames:
    n = len(slots)
    who = world.people.sample(rng, n)
    branch = world.people.branch[who]
    biz = choose(rng, BUSINESS, n)
    hour = (slots.at // (3_600 * SECOND) + 8) % 24
    peak = (hour == 10) | (hour == 11)
    queue = world.incidents["queueing_branch"].strikes(slots.day) & (branch == QUEUEING)
    slow = np.exp(-0.6 * world.people.branch_mood)[branch] * np.where(peak, 1.5, 1.0) * np.where(queue, 3.0, 1.0)
    wait = lognormal(rng, 6.5 * 60 * slow, 0.6, n)
    gone = chance(rng, np.where(queue, 0.30, 0.05), n)
    called = after(slots.at, wait, ~gone)
    served = wait + lognormal(rng, SERVICE_MINUTES[biz] * 60, 0.4, n)
    total = windows(branch)
    rated = ~gone & chance(rng, 0.8, n)
    counter = rng.integers(0, total)
    ratings = _ratings(rated, rng)
    frame = pl.DataFrame(
        {
            "ticket_id": np.arange(n, dtype=np.int64) + (slots.part << 32),
            "branch_id": label([*BRANCHES, NO_BRANCH], branch),
            "segment": world.people.segments(who),
            "channel": always("branch", n),
            "biz_type": label(list(BUSINESS), biz),
            "age": world.people.age[who],
            "taken_at": moment(slots.at),
            "called_at": moment(called),
            "ended_at": moment(after(slots.at, served, ~gone)),
            "abandoned": gone,
            "counter_id": label([f"C{number}" for number in range(1, 9)], counter),
            "started_at": moment(after(slots.at, wait + np.arange(n) % 40, ~gone)),  # when who was called is there
            "employee_id": label([*TELLERS, None], np.where(gone, len(TELLERS), branch * 8 + counter)),
            "vip": world.people.segment[who] > 0,
            **ratings,
            "peak": peak,
            "windows_open": np.maximum(1, rng.binomial(total, 0.72)),
            "windows_total": total,
        }
    )
    return {"branch_ticket": frame}


def _visits(world: World, slots: Slots, rng: Random) -> Frames:
    items = 20
    n = len(slots) * items
    visit = np.repeat(np.arange(len(slots), dtype=np.int64), items)
    branch = rng.integers(0, len(BRANCHES), len(slots))[visit]
    good = np.clip(0.92 + 0.05 * world.people.branch_mood[branch], 0, 0.995)
    most = np.where(np.arange(n) % items < 5, 8, 4)
    fatal = np.arange(n) % items == 0
    passed = chance(rng, np.where(fatal, 0.985, good), n)
    frame = pl.DataFrame(
        {
            "visit_id": visit + (slots.part << 32),
            "item_id": np.arange(n, dtype=np.int64) % items + 1,
            "branch_id": label(BRANCHES, branch),
            "region": label(REGIONS, world.people.region_of_branch[branch]),
            "channel": always("branch", n),
            "visited_at": moment(slots.at[visit]),
            "score": np.where(passed, most, rng.integers(0, 3, n)),
            "max_score": most,
            "fatal": fatal,
            "fatal_fail": fatal & ~passed,
            "na": chance(rng, 0.02, n) & ~fatal,
            "section": label(SECTIONS, np.arange(n, dtype=np.int64) % items // 5),
            "evidence_ref": label([None, "photo"], (~passed).astype(np.int64)),
        }
    )
    return {"mystery_item": frame, "mystery_visit": _visit_frame(slots, frame, items)}


def _visit_frame(slots: Slots, of_items: pl.DataFrame, items: int) -> pl.DataFrame:
    """One row a visit; its items are in the other table."""
    first = of_items.gather_every(items).select("visit_id", "branch_id", "region", "visited_at")
    wave = label([f"W{number}" for number in range(1, 5)], np.minimum(slots.day // 28, 3))
    visitor = label(VISITORS, np.arange(len(slots), dtype=np.int64) % len(VISITORS))
    return first.with_columns(wave.alias("wave"), pl.lit(items).alias("items_n"), visitor.alias("visitor_hash"))


CALLS = Theme(
    "calls",
    share=0.03,
    rhythm="phone",
    make=_calls,
    times={"call": "queue_in"},
    spoils={"call": (
        Spoil("null_region", 0.002, put("region", None)),
        told(UNSEEN, pl.col("__skipped")),
        twice(0.003),
    )},
)
CHATS = Theme(
    "chats", share=0.025, rhythm="digital", make=_chats, times={"chat_session": "started_at"}, spoils={}
)
TICKETS = Theme(
    "tickets",
    share=0.04,
    rhythm="office",
    make=_tickets,
    times={"branch_ticket": "taken_at"},
    spoils={
        "branch_ticket": (
            Spoil("null_branch", 0.003, put("branch_id", None)),
            Spoil("unknown_branch", 0.001, put("branch_id", NO_BRANCH)),
            Spoil("out_of_scale", 0.001, put("rating", 9), pl.col("rating").is_not_null()),
            twice(0.003),
            told("pressed_by_teller", pl.col("rated_after_ms") < 1_000),
        )
    },
)
VISITS = Theme(
    "visits",
    share=0.0012,
    rhythm="office",
    make=_visits,
    times={"mystery_item": "visited_at", "mystery_visit": "visited_at"},
    spoils={"mystery_item": (as_made("not_applicable", pl.col("na")),)},
)
