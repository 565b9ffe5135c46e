"""Surveys: invitations, and one row an answer, from opinions that experience has made.

A customer's opinion of a journey is their standing (region, segment, person), less what incidents took, plus luck.
The relationship survey asks for eight journeys and for recommendation, and recommendation is the weighted sum of the
eight opinions (`DRIVERS`) plus luck: so an analysis of drivers has a truth to be held against.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from cxmetrics.sample.cases import PRODUCTS
from cxmetrics.sample.dirt import Spoil, alternately, as_made, put, shifted, together, told, twice
from cxmetrics.sample.drawing import (
    Bools,
    Floats,
    Ints,
    Random,
    after,
    chance,
    choose,
    label,
    lognormal,
    maybe,
    moment,
    on_scale,
    outcome,
)
from cxmetrics.sample.incidents import BAD_RELEASE, QUEUEING, releases
from cxmetrics.sample.people import BRANCHES, MANAGERS, OS
from cxmetrics.sample.questionnaires import (
    ASKED,
    BOUGHT,
    DRIVERS,
    FIRST_SCALE_UNTIL,
    HASTY,
    HASTY_SECONDS,
    INSTRUMENTS,
    IPS,
    JOURNEY,
    KEYS,
    LEAST_DRAWN,
    LUCK,
    MIGRATED,
    MODE_OF,
    MODES,
    MOMENT_SPREAD,
    PAD,
    QUESTIONS,
    RECOMMEND,
    RELATIONSHIP_SHARE,
    REPUTE,
    RESPONSE,
    SCALES,
    STANDING_PART,
    STRAIGHT,
)
from cxmetrics.sample.rhythm import Slots
from cxmetrics.sample.world import Frames, Theme, World


@dataclass(frozen=True, slots=True)
class Reply:
    """Answers to one question by some respondents (positions into the invitations)."""

    who: Ints
    touchpoint: str
    question: str
    channel: str
    score: Ints


@dataclass(frozen=True, slots=True)
class Invited:
    """One position an invitation in every array; what is said of answers counts for those who gave some."""

    slots: Slots
    customer: Ints
    hurt: dict[str, Floats]  # by journey: what incidents take from the opinion
    seconds: Floats
    submitted: Ints
    received: Ints
    flaw: Ints  # 1: not complete, 2: a test


def _hurt(world: World, slots: Slots, who: Ints, rng: Random) -> dict[str, Floats]:
    """What a customer has lost to incidents on that day or within the seven days before it, by journey."""
    lost: dict[str, Floats] = {}
    people = world.people
    bad = world.incidents["bad_release"]
    touched: dict[str, Bools] = {
        "bad_release": (people.os[who] == list(OS).index("android"))
        & (releases(slots.day, bad, rng) == BAD_RELEASE),
        "queueing_branch": people.branch[who] == QUEUEING,
    }
    for name, incident in world.incidents.items():
        felt = incident.strikes(slots.day) & touched.get(name, np.ones(len(who), dtype=np.bool_))
        for journey, size in incident.journeys.items():
            lost[journey] = lost.get(journey, np.zeros(len(who))) + size * felt
    if "branch_visit" in lost:
        lost["branch_visit"] = lost["branch_visit"] - people.branch_mood[people.branch[who]]
    return lost


def _opinion(world: World, invited: Invited, rows: Ints, journey: str, rng: Random) -> Floats:
    standing = world.people.standing(invited.customer[rows])
    lost = invited.hurt[journey][rows] if journey in invited.hurt else np.zeros(len(rows))
    return REPUTE.get(journey, 0.0) + STANDING_PART * standing - lost + MOMENT_SPREAD * rng.standard_normal(len(rows))


def _answer(question: str, opinion: Floats, rng: Random) -> Ints:
    low, high, mean, spread = QUESTIONS[question]
    if question == "solved":
        return chance(rng, np.clip(mean + 0.12 * opinion, 0.02, 0.98), len(opinion)).astype(np.int64)
    return on_scale(mean + spread * opinion, low, high)


def _relationship(world: World, invited: Invited, rows: Ints, rng: Random) -> list[Reply]:
    opinions = {journey: _opinion(world, invited, rows, journey, rng) for journey in DRIVERS}
    given = {journey: _answer("csat", opinion, rng) for journey, opinion in opinions.items()}
    straight, first = chance(rng, STRAIGHT, len(rows)), next(iter(given.values()))
    replies = [
        Reply(rows, JOURNEY + journey, "csat", "app", np.where(straight, first, score))
        for journey, score in given.items()
    ]
    felt = sum((DRIVERS[journey] * opinion for journey, opinion in opinions.items()), np.zeros(len(rows)))
    recommend = RECOMMEND + felt + LUCK * rng.standard_normal(len(rows))
    overall = 7.8 + 0.8 * felt + 0.8 * rng.standard_normal(len(rows))
    return [
        Reply(rows, "relationship", "nps", "app", on_scale(recommend, 0, 10)),
        Reply(rows, "relationship", "overall", "app", on_scale(overall, 0, 10)),
        *replies,
    ]


def _after_touchpoint(world: World, invited: Invited, touchpoint: str, rows: Ints, rng: Random) -> list[Reply]:
    question, journey, _, channel = ASKED[touchpoint]
    opinion = _opinion(world, invited, rows, journey, rng)
    score = _answer(question, opinion, rng)
    if touchpoint in KEYS:
        score = np.array(KEYS[touchpoint][0], dtype=np.int64)[score - 1]
    replies = [Reply(rows, touchpoint, question, channel, score)]
    if question == "perceived":
        hoped = _answer("expected", 0.5 * rng.standard_normal(len(rows)), rng)
        replies.append(Reply(rows, touchpoint, "expected", channel, hoped))
    return replies


def _answer_frame(world: World, invited: Invited, replies: list[Reply]) -> pl.DataFrame:
    rows = np.concatenate([reply.who for reply in replies])
    sizes = np.array([len(reply.who) for reply in replies])
    asked = np.repeat(np.arange(len(replies)), sizes)
    question = _asked(replies)[asked]
    people, who = world.people, invited.customer[rows]
    score = np.concatenate([reply.score for reply in replies])
    effort = question["question"].eq("ces").to_numpy()
    early = invited.slots.day[rows] < world.calendar.days // 2
    return pl.DataFrame(
        {
            "response_id": rows + (invited.slots.part << 32),
            "submitted_at": moment(invited.submitted[rows]),
            "received_at": moment(invited.received[rows]),
            **people.columns(who),
            "customer_key": _key_then(world, who, early),
            "branch": label(BRANCHES, people.branch[who]),
            "channel": question["channel"],
            "age": people.age[who],
            **question[:, "touchpoint":"instrument"].to_dict(),
            "score": np.where(effort & _on_first_scale(world, invited, rows), 8 - score, score),
            "mode": question["mode"],
            "duration_ms": (invited.seconds[rows] * 1_000).astype(np.int64),
            "weight": people.answer_weights(who),
            "is_complete": invited.flaw[rows] != 1,
            "is_test": invited.flaw[rows] == 2,
            **question[:, "scale_id":].to_dict(),
        }
    )


def _asked(replies: list[Reply]) -> pl.DataFrame:
    """What all answers to a question have in common, a row each."""
    each = np.arange(len(replies), dtype=np.int64)
    return pl.DataFrame(
        {
            "channel": label([reply.channel for reply in replies], each),
            "touchpoint": label([reply.touchpoint for reply in replies], each),
            "question": label([reply.question for reply in replies], each),
            "instrument": label([INSTRUMENTS.get(reply.question, reply.question) for reply in replies], each),
            "mode": label([*(MODE_OF[reply.channel] for reply in replies), PAD], each),
            "scale_id": label([_scale(reply) for reply in replies], each),
            "position": np.array([_position(reply) for reply in replies]),
        }
    )


def _scale(reply: Reply) -> str:
    """The scale of the question, or what a keypad leaves of it."""
    return KEYS[reply.touchpoint][1] if reply.touchpoint in KEYS else SCALES[reply.question]


def _position(reply: Reply) -> int:
    """The place of a question in its questionnaire, from 1 on."""
    if reply.touchpoint.startswith(JOURNEY):
        return 3 + list(DRIVERS).index(reply.touchpoint.removeprefix(JOURNEY))
    return 2 if reply.question in ("overall", "perceived") else 1


def _key_then(world: World, who: Ints, early: Bools) -> pl.Series:
    """The keys of customers as they were then; some were given a new one in the middle of the window."""
    keys = world.people.key[who]
    moved = pl.Series(early & (who % MIGRATED == 0))
    return pl.select(pl.when(moved).then(old_key(pl.lit(keys))).otherwise(pl.lit(keys))).to_series()


def old_key(key: pl.Expr) -> pl.Expr:
    """The key that a customer had before the migration."""
    return "old-" + key.str.slice(4)


def _on_first_scale(world: World, invited: Invited, rows: Ints) -> Bools:
    """Whether answers are of a day on which effort was asked upside down; a part ends with its last day."""
    end = world.calendar.midnight((FIRST_SCALE_UNTIL - world.calendar.first_day).days + 1)
    latest = world.calendar.midnight(invited.slots.last) - 1_000
    found: Bools = np.minimum(invited.submitted[rows], latest) < end
    return found


def _invite(world: World, slots: Slots, who: Ints, rng: Random) -> Invited:
    n = len(slots)
    hasty = chance(rng, HASTY, n)
    seconds = np.where(hasty, rng.uniform(4.0, HASTY_SECONDS, n), HASTY_SECONDS + lognormal(rng, 28.0, 0.6, n))
    submitted = after(slots.at, 600.0 + seconds)
    received = after(submitted, lognormal(rng, 2.0, 0.7, n))
    flaw = outcome(rng, [0.03, 0.005], n)
    return Invited(slots, who, _hurt(world, slots, who, rng), seconds, submitted, received, flaw)


def _response_frame(world: World, invited: Invited, kind: Ints, rows: Ints, replies: list[Reply],
                    rng: Random) -> pl.DataFrame:
    """One row a questionnaire that was answered, whole or in part; the answers of the grid stand in it side by side."""
    who, n = invited.customer[rows], len(rows)
    submitted = invited.submitted[rows]
    return pl.DataFrame(
        {
            "response_id": rows + (invited.slots.part << 32),
            "invitation_id": rows + (invited.slots.part << 32),
            "survey_id": label(["relationship", *ASKED], kind[rows]),
            "survey_version": np.where(invited.slots.day[rows] < world.calendar.days // 2, 1, 2),
            "customer_key": world.people.key[who],
            "started_at": moment(submitted - (invited.seconds[rows] * 1_000).astype(np.int64) * 1_000),
            "submitted_at": moment(submitted),
            "received_at": moment(invited.received[rows]),
            "duration_ms": (invited.seconds[rows] * 1_000).astype(np.int64),
            "is_complete": invited.flaw[rows] != 1,
            "language": label(("zh", "en"), chance(rng, 0.04, n).astype(np.int64)),
            "is_test": invited.flaw[rows] == 2,
            "weight": world.people.answer_weights(who),
            "device_hash": world.people.device[who],
            "__shared": world.people.shared[who],
            "client_ip_hash": world.people.number[who % min(IPS, len(world.people))],
            **{f"grid_{reply.touchpoint.removeprefix(JOURNEY)}": _beside(reply, rows) for reply in replies
               if reply.touchpoint.startswith(JOURNEY)},
        }
    )


def _beside(reply: Reply, rows: Ints) -> pl.Series:
    """The answers to one question, by the rows of responses; null for those that were not asked."""
    scores = np.full(len(rows), -1, dtype=np.int64)
    scores[np.searchsorted(rows, reply.who)] = reply.score
    return maybe(scores, scores >= 0)


def _invitation_frame(world: World, slots: Slots, who: Ints, kind: Ints, state: Ints, rng: Random) -> pl.DataFrame:
    n, kinds = len(slots), ["relationship", *ASKED]
    managed = kind == kinds.index("manager")
    low = (state == 0) & chance(rng, 0.14, n)
    called = after(slots.at, 900.0 + lognormal(rng, 18.0, 0.8, n) * 3_600, low)
    return pl.DataFrame(
        {
            "invitation_id": np.arange(n, dtype=np.int64) + (slots.part << 32),
            **world.people.columns(who),
            "branch": label(BRANCHES, world.people.branch[who]),
            "touchpoint": label(kinds, kind),
            "mode": label(list(MODES), choose(rng, MODES, n)),
            "survey_version": np.where(slots.day < world.calendar.days // 2, 1, 2),
            "sampled_at": moment(slots.at - 3_600_000_000),
            "sent_at": moment(slots.at),
            "delivered_at": moment(after(slots.at, lognormal(rng, 4.0, 0.6, n), state < 3)),
            "opened_at": moment(after(slots.at, lognormal(rng, 240.0, 0.4, n), state < 2)),
            "status": label(("completed", "opened", "sent", "bounced", "opted_out"), state),
            "stratum": world.people.segments(who),
            "survey_id": label(kinds, kind),
            "sample_prob": LEAST_DRAWN / world.people.answer_weights(who),
            "employee_id": label([*MANAGERS, None],
                                 np.where(managed, world.people.looked_after_by(who), len(MANAGERS))),
            "product_id": label([None, *PRODUCTS], np.array([BOUGHT.get(name, 0) for name in kinds])[kind]),
            "low_score": low,
            "called_back_at": moment(called),
            "asked_before": ~pl.Series(who).is_first_distinct(),  # in the same batch, which is a file
        }
    )


def _make(world: World, slots: Slots, rng: Random) -> Frames:
    n = len(slots)
    who = world.people.sample(rng, n)
    kind = choose(rng, {"relationship": RELATIONSHIP_SHARE, **{name: row[2] for name, row in ASKED.items()}}, n)
    kinds = ["relationship", *ASKED]
    u = rng.random(n)
    state = np.searchsorted([RESPONSE, 0.55, 0.95, 0.985], u).astype(np.int64)
    invited = _invite(world, slots, who, rng)
    replies: list[Reply] = []
    for number, name in enumerate(kinds):
        rows = np.flatnonzero((kind == number) & (state == 0))
        if name == "relationship":
            replies += _relationship(world, invited, rows, rng)
        else:
            replies += _after_touchpoint(world, invited, name, rows, rng)
    return {
        "survey_invitation": _invitation_frame(world, slots, who, kind, state, rng),
        "survey_answer": _answer_frame(world, invited, replies),
        "survey_response": _response_frame(world, invited, kind, np.flatnonzero(state == 0), replies, rng),
    }


_SCALED = pl.col("question") != "solved"
_DAY = pl.col("submitted_at").dt.convert_time_zone("Asia/Shanghai").dt.date()
_GRID = [pl.col(f"grid_{journey}") for journey in DRIVERS]
_EARLY = pl.col("submitted_at") < pl.col("submitted_at").max() - pl.duration(days=4)

SURVEYS = Theme(
    "surveys",
    share=0.15,
    rhythm="digital",
    make=_make,
    times={"survey_invitation": "sent_at", "survey_answer": "submitted_at", "survey_response": "submitted_at"},
    folders={"survey_answer": "instrument"},
    spoils={
        "survey_answer": (
            as_made("incomplete", ~pl.col("is_complete")),
            as_made("test_row", pl.col("is_test")),
            Spoil("dont_know", 0.008, put("score", 98), _SCALED),
            Spoil("skipped", 0.012, put("score", 99), _SCALED),
            Spoil("not_asked", 0.010, put("score", 97), _SCALED),
            Spoil("zero_as_no_answer", 0.004, put("score", 0),
                  pl.col("question").is_in(["csat", "expected", "perceived"])),
            Spoil("coached", 0.003, together(put("score", 5), put("mode", PAD)), pl.col("touchpoint") == "branch"),
            Spoil("out_of_scale", 0.003, alternately("score", (11, 12, 77)), _SCALED),
            Spoil("null_score", 0.01, put("score", None)),
            Spoil("null_branch", 0.005, put("branch", None)),
            Spoil("late", 0.015, shifted("received_at", 80, 60)),
            Spoil("clock_skew", 0.0003, shifted("submitted_at", 30, 20), _EARLY),
            twice(0.01),
            told("old_key", pl.col("customer_key").str.starts_with("old-")),
            told("missing_points", pl.col("scale_id").is_in([scale for _, scale in KEYS.values()])),
            told("first_scale", (pl.col("question") == "ces") & (_DAY <= FIRST_SCALE_UNTIL)),
        ),
        "survey_invitation": (told("asked_again", pl.col("asked_before")),),
        "survey_response": (
            as_made("incomplete", ~pl.col("is_complete")),
            as_made("test_row", pl.col("is_test")),
            told("speeding", pl.col("duration_ms") < HASTY_SECONDS * 1_000),
            told("shared_device", pl.col("__shared")),
            told("straight_lining", pl.max_horizontal(_GRID) == pl.min_horizontal(_GRID)),
        ),
    },
)
