"""Things that stay open for days: applications, service requests, contacts by the manager, complaints, remarks."""

from __future__ import annotations

import numpy as np
import polars as pl

from cxmetrics.sample.dirt import Spoil, put, shifted, together, told, twice
from cxmetrics.sample.drawing import NEVER, Ints, Random, after, chance, choose, label, lognormal, moment, outcome
from cxmetrics.sample.people import BRANCHES, MANAGERS
from cxmetrics.sample.rhythm import OFFSET, Slots
from cxmetrics.sample.world import Frames, Theme, World

HOUR, DAY = 3_600.0, 86_400.0
# Product: share, hours to a decision, rates of declined and withdrawn, days to card in hand or money paid.
PRODUCTS: dict[str, tuple[float, float, float, float, float]] = {
    "account": (0.35, 0.3, 0.04, 0.05, 0.1),
    "loan": (0.30, 30.0, 0.28, 0.10, 2.2),
    "card": (0.35, 20.0, 0.34, 0.05, 5.0),
}
# Kind of request: share, median minutes until done.
REQUESTS: dict[str, tuple[float, float]] = {
    "lost_card": (0.25, 2.6),
    "unfreeze": (0.25, 190.0),
    "close_account": (0.15, 45.0),
    "dispute": (0.20, 9.5 * 1_440),
    "early_repay": (0.15, 4.2 * 1_440),
}
# Why the manager calls: share, median hours until done.
TRIGGERS: dict[str, tuple[float, float]] = {
    "enquiry": (0.55, 1.5),
    "drawdown": (0.30, 30.0),
    "manager_change": (0.15, 80.0),
}
COMPLAINT_SOURCES = {"bank": 0.95, "regulator": 0.02, "media": 0.03}
COMPLAINT_CHANNELS = {"phone": 0.6, "app": 0.3, "branch": 0.1}
COMPLAINT_BUSINESS = {"credit_card": 0.42, "personal_loan": 0.24, "deposit": 0.14, "wealth": 0.12, "payment": 0.08}
REASONS = {
    "service_attitude": 0.22,
    "systems": 0.20,
    "rules": 0.20,
    "marketing": 0.11,
    "mis_selling": 0.06,
    "disclosure": 0.09,
    "security": 0.07,
    "other": 0.05,
}
THEMES = {"limit": 0.14, "queue": 0.12, "speed": 0.2, "fees": 0.16, "staff": 0.2, "app": 0.18}
MERGED = 0.01  # of complaints, those that are put under the number of the next one
SOURCES = ("survey", "phone", "app_store", "social")
ABROAD = "app_store"  # whose feed writes UTC and does not say so, where others write the bank's own time
THUMB = "👍"
SENTIMENTS = ("negative", "neutral", "positive")
# What is said, by theme and sentiment; names and numbers are taken out.
SAYINGS = (
    "限额又降了，转不出去", "问一下限额怎么调", "限额调得很快",
    "排了一个多小时", "今天人比平时多", "不用排队，很好",
    "页面一直转圈", "速度一般", "比以前快多了",
    "手续费说不清楚", "想了解收费标准", "费用透明",
    "柜员态度不好，***", "客户经理换人了", "***很耐心",
    "更新后打不开", "希望增加功能", "新版好用",
)


def _number(slots: Slots) -> Ints:
    return np.arange(len(slots), dtype=np.int64) + (slots.part << 32)


def _applications(world: World, slots: Slots, rng: Random) -> Frames:
    n = len(slots)
    who = world.people.sample(rng, n)
    table = np.array(list(PRODUCTS.values()))
    product = choose(rng, {name: row[0] for name, row in PRODUCTS.items()}, n)
    result = outcome(rng, [table[product, 2], table[product, 3]], n)
    resubmitted = chance(rng, 0.17, n)
    hours = lognormal(rng, table[product, 1], 0.7, n) * np.where(resubmitted, 1.8, 1.0)
    decided = after(slots.at, hours * HOUR, result != 2)
    done = after(slots.at, hours * HOUR + lognormal(rng, table[product, 4], 0.4, n) * DAY, result == 0)
    active = (result == 0) & chance(rng, 0.78, n)
    used = after(done, lognormal(rng, 6.0, 0.9, n) * DAY)
    frame = pl.DataFrame(
        {
            "case_id": _number(slots),
            **world.people.columns(who),
            "branch": label(BRANCHES, world.people.branch[who]),
            "channel": label(("app", "branch"), (product == 0).astype(np.int64) * rng.integers(0, 2, n)),
            "product": label(list(PRODUCTS), product),
            "applied_at": moment(slots.at),
            "decided_at": moment(decided),
            "fulfilled_at": moment(done),
            "used_at": moment(np.where(active, used, NEVER)),
            "result": label(("approved", "declined", "withdrawn"), result),
            "resubmitted": resubmitted,
            "used_30d": active & (used - slots.at < 30 * 86_400_000_000),
        }
    )
    return {"application": frame}


def _requests(world: World, slots: Slots, rng: Random) -> Frames:
    n = len(slots)
    who = world.people.sample(rng, n)
    kind = choose(rng, {name: row[0] for name, row in REQUESTS.items()}, n)
    minutes = lognormal(rng, np.array([row[1] for row in REQUESTS.values()])[kind], 0.6, n)
    frame = pl.DataFrame(
        {
            "request_id": _number(slots),
            **world.people.columns(who),
            "branch": label(BRANCHES, world.people.branch[who]),
            "kind": label(list(REQUESTS), kind),
            "asked_at": moment(slots.at),
            "done_at": moment(after(slots.at, minutes * 60)),
            "steps": 3 + rng.poisson(3.0, n),
        }
    )
    return {"service_request": frame}


def _contacts(world: World, slots: Slots, rng: Random) -> Frames:
    n = len(slots)
    people = world.people
    served = np.flatnonzero(people.segment > 0)
    who = served[rng.integers(0, len(served), n)]
    trigger = choose(rng, {name: row[0] for name, row in TRIGGERS.items()}, n)
    hours = lognormal(rng, np.array([row[1] for row in TRIGGERS.values()])[trigger], 0.9, n)
    frame = pl.DataFrame(
        {
            "contact_id": _number(slots),
            **people.columns(who),
            "branch": label(BRANCHES, people.branch[who]),
            "manager": label(MANAGERS, people.looked_after_by(who)),
            "trigger": label(list(TRIGGERS), trigger),
            "due_from": moment(slots.at),
            "done_at": moment(after(slots.at, hours * HOUR)),
        }
    )
    return {"rm_contact": frame}


def _complaints(world: World, slots: Slots, rng: Random) -> Frames:
    n = len(slots)
    who = world.people.sample(rng, n)
    handling = lognormal(rng, 5.0, 0.75, n)
    frame = pl.DataFrame(
        {
            "complaint_id": _number(slots),
            "branch_id": label(BRANCHES, world.people.branch[who]),
            "segment": world.people.segments(who),
            "customer_key": world.people.key[who],
            "channel": label(list(COMPLAINT_CHANNELS), choose(rng, COMPLAINT_CHANNELS, n)),
            "received_at": moment(slots.at),
            "source": label(list(COMPLAINT_SOURCES), choose(rng, COMPLAINT_SOURCES, n)),
            "business": label(list(COMPLAINT_BUSINESS), choose(rng, COMPLAINT_BUSINESS, n)),
            "reason": label(list(REASONS), choose(rng, REASONS, n)),
            "product": label(list(PRODUCTS), rng.integers(0, len(PRODUCTS), n)),
            "extended": handling > 15,
            "first_resp_at": moment(after(slots.at, lognormal(rng, 6.0, 0.9, n) * HOUR)),
            "closed_at": moment(after(slots.at, handling * DAY)),
            "repeat_90d": chance(rng, 0.07, n),
            "upheld": chance(rng, 0.38, n),
            "mended": chance(rng, 0.72, n),
            "filed_as": _number(slots),
            "recorded_at": moment(slots.at),
            "version": np.ones(n, dtype=np.int64),
        }
    )
    return {"complaint": frame}


def _remarks(world: World, slots: Slots, rng: Random) -> Frames:
    n = len(slots)
    who = world.people.sample(rng, n)
    theme, sentiment = choose(rng, THEMES, n), outcome(rng, [0.3, 0.25], n)
    source = outcome(rng, [0.3, 0.15, 0.1], n)
    first = world.calendar.midnight(0) + OFFSET  # what is written eight hours early stays in the window
    source = np.where((source == SOURCES.index(ABROAD)) & (slots.at < first), 0, source)
    early = np.where(source == SOURCES.index(ABROAD), OFFSET, 0)
    old = encoding_then(world, slots.first) != "utf-8"
    thumb = THUMB.encode("gbk", "replace").decode() if old else THUMB
    liked = label(["", thumb], chance(rng, 0.05, n).astype(np.int64)).cast(pl.String)
    broken = label(["", "\n谢谢"], chance(rng, 0.04, n).astype(np.int64)).cast(pl.String)
    confidence = pl.Series(np.round(rng.uniform(0.6, 1.0, n), 3)).cast(pl.String)
    frame = pl.DataFrame(
        {
            "doc_id": _number(slots),
            "ts": moment(slots.at - early),
            **world.people.columns(who),
            "theme": label(list(THEMES), theme),
            "sentiment": label(SENTIMENTS, sentiment),
            "source": label(SOURCES, source),
            "model_version": label(("m1", "m2"), (slots.day >= world.calendar.days // 2).astype(np.int64)),
            "confidence": confidence,
            "text_redacted": label(SAYINGS, theme * len(SENTIMENTS) + sentiment).cast(pl.String) + broken + liked,
            "__other_encoding": (np.arange(n) == 0) & old,  # once a file
        }
    )
    return {"voc_text": frame}


APPLICATIONS = Theme(
    "applications", share=0.012, rhythm="digital", make=_applications, times={"application": "applied_at"}, spoils={}
)
REQUESTED = Theme(
    "requests", share=0.012, rhythm="phone", make=_requests, times={"service_request": "asked_at"}, spoils={}
)
CONTACTS = Theme(
    "contacts", share=0.012, rhythm="office", make=_contacts, times={"rm_contact": "due_from"}, spoils={}
)
# At first the reason was not known; it is coded anew some weeks later, in a row that says when.
_RECODED = Spoil("recoded", 0.05, put("reason", "other"),
                 again=together(put("version", 2), shifted("recorded_at", 20 * 24, 20 * 24)))
# Two complaints under one number: that of the next one, which stays.
_MERGED = Spoil(
    "merged", MERGED,
    lambda hit: {"complaint_id": pl.when(hit).then(pl.col("complaint_id") + 1).otherwise(pl.col("complaint_id"))},
    only=(pl.col("complaint_id") % 2 == 0) & (pl.col("complaint_id") < pl.col("complaint_id").max()))
COMPLAINTS = Theme(
    "complaints",
    share=0.003,
    rhythm="phone",
    make=_complaints,
    times={"complaint": "received_at"},
    spoils={"complaint": (
        _MERGED,
        Spoil("null_branch", 0.01, put("branch_id", None)),
        twice(0.01),
        _RECODED,
    )},
)

def encoding_then(world: World, day: int) -> str:
    """In which encoding the system of remarks wrote on that day: it was renewed in the middle of the window."""
    return "gbk" if day < world.calendar.days // 2 else "utf-8"


def _wide(hit: pl.Expr) -> dict[str, pl.Expr]:
    """Digits of Chinese type, of full width."""
    wide = pl.col("confidence").str.replace_many(list("0123456789."), list("０１２３４５６７８９．"))
    return {"confidence": pl.when(hit).then(wide).otherwise(pl.col("confidence"))}


_HOUR = pl.col("ts").dt.convert_time_zone("Asia/Shanghai").dt.hour()
_ABROAD = pl.col("source") == ABROAD
REMARKS = Theme(
    "remarks",
    share=0.006,
    rhythm="digital",
    make=_remarks,
    times={"voc_text": "ts"},
    spoils={
        "voc_text": (
            Spoil("full_width", 0.01, _wide),
            twice(0.004),
            told("other_encoding", pl.col("__other_encoding")),
            told("replaced", pl.col("text_redacted").str.ends_with("?")),
            told("line_break", pl.col("text_redacted").str.contains("\n", literal=True)),
            told("utc_clock", _ABROAD),
            told("wrong_day", _ABROAD & (_HOUR >= 16)),
        )
    },
    exported={"voc_text": encoding_then},
)
