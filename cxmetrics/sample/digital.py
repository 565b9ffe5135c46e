"""Sessions of the app and the web bank: their events, their stability, their page timings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from cxmetrics.sample.dirt import Spoil, blank, put, shifted, together, told, twice
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
    outcome,
)
from cxmetrics.sample.incidents import BAD_RELEASE, RELEASES, releases
from cxmetrics.sample.journeys import STARTS, TASKS, Step, Task
from cxmetrics.sample.people import OS
from cxmetrics.sample.rhythm import Slots
from cxmetrics.sample.world import Frames, Theme, World

CHANNELS = {"app": 0.92, "web": 0.08}
PAGES = {"home": 0.4, "balance": 0.25, "transfer": 0.2, "wealth": 0.1, "statement": 0.05}
NETWORKS = {"wifi": 0.55, "5g": 0.35, "4g": 0.10}
MODELS = tuple(f"{maker}-{number}" for maker in ("android", "ios", "harmony") for number in range(1, 5))
RESULTS = ("success", *dict.fromkeys(name for step in (*STARTS, *(step for task in TASKS for step in task.steps))
                                     for name, _ in step.failures))
SUCCESS = RESULTS.index("success")
DEVICE_CLASSES = ("high", "middle", "low")
MONITOR = "monitor-0001"  # the account of a robot that watches the app
TWINNED, TWIN = "balance_query", "twin.enquiries.1"  # an event, and a second node that is mapped to it
RENAMED = ("points_success", "points_redeemed")  # an event, and what releases after the bad one call it
AB_GROUPS = ("a", "b")  # the second has a new page for searches
NEW_PAGE = ("search_click", 1)  # what takes fewer screens there, and how many fewer where there is more than one
SAMPLED = (0.1, 0.05)  # of the views of pages, before and from the day that is this part of the window
SEEN = 0.9  # of sessions, those with a view that is kept, at first
SAMPLED_FROM = 0.6
LATE_EVENT_SECONDS = 1.2
PROVINCES = ("beijing", "shanghai", "guangdong", "guangdong", "zhejiang", "sichuan", "hubei", "shaanxi")  # of regions
OS_VERSIONS = ("13", "14", "15", "17", "18", "18.1", "4", "5", "5.1")  # three of each system
SDKS = ("4.1.0", "4.2.0", "4.2.0")  # by release of the app
FAR = (0, 0, 0, 0, 1, 2, 2, 4)  # how far the regions are from the servers


@dataclass(frozen=True, slots=True)
class Sessions:
    """One position a session in every array; `broken` marks those on the bad release."""

    number: Ints
    at: Ints
    who: Ints
    channel: Ints
    release: Ints
    broken: Bools
    slow: Bools

    def __len__(self) -> int:
        return len(self.number)


@dataclass(frozen=True, slots=True)
class Events:
    """Rows of one step: positions into the sessions, and what was measured."""

    session: Ints
    at: Ints
    name: str
    milliseconds: Floats
    result: Ints
    step: int
    page: str


def _sessions(world: World, slots: Slots, rng: Random) -> Sessions:
    n = len(slots)
    who = world.people.sample(rng, n)
    bad = world.incidents["bad_release"]
    release = releases(slots.day, bad, rng)
    android = world.people.os[who] == list(OS).index("android")
    return Sessions(
        number=np.arange(n, dtype=np.int64) + (slots.part << 32),
        at=slots.at,
        who=who,
        channel=choose(rng, CHANNELS, n),
        release=release,
        broken=(release == BAD_RELEASE) & android & bad.strikes(slots.day),
        slow=world.incidents["slow_api"].strikes(slots.day),
    )


def _model(world: World, who: Ints) -> Ints:
    """Which phone a customer has: four models of each system."""
    found: Ints = world.people.os[who] * 4 + who % 4
    return found


def _results(step: Step, broken: Bools, rng: Random) -> Ints:
    """Positions in `RESULTS`."""
    chances: list[float | Floats] = [p for _, p in step.failures]
    if step.event == "login":
        chances[1] = np.where(broken, 0.05, chances[1])
    places = [SUCCESS, *(RESULTS.index(name) for name, _ in step.failures)]
    return np.array(places, dtype=np.int64)[outcome(rng, chances, len(broken))]


def _step(s: Sessions, step: Step, place: tuple[str, int], rows: Ints, at: Ints, rng: Random) -> Events:
    """The events of a step at its page and number there."""
    broken, slow = s.broken[rows], s.slow[rows]
    times = np.ones(len(rows))
    if step.event == "app_start":
        times = np.where(broken, 2.2, 1.0)
    if step.event == "transfer_success":
        times = np.where(slow, 4.0, 1.0)
    spent = lognormal(rng, step.milliseconds * times, step.spread, len(rows))
    return Events(rows, after(at[rows], spent / 1_000), step.event, spent, _results(step, broken, rng),
                  place[1], place[0])


def _task(s: Sessions, task: Task, rows: Ints, at: Ints, rng: Random) -> list[Events]:
    made: list[Events] = []
    present = rows
    for place, step in enumerate(task.steps, start=1):
        reach = np.full(len(present), step.reach)
        if step.event == "transfer_success":
            reach = np.where(s.slow[present], step.reach - 0.06, reach)
        come = present[chance(rng, reach, len(present))]
        at[come] += rng.integers(2_000, 25_000, len(come)) * 1_000
        made.append(_step(s, step, (task.name, place), come, at, rng))
        present = present if step.optional else come
    return made


def _all_events(s: Sessions, rng: Random) -> list[Events]:
    at = s.at.copy()
    everyone = np.arange(len(s), dtype=np.int64)
    made = [_step(s, STARTS[0], ("start", 0), everyone, at, rng)]
    at += 2_500_000
    made.append(_step(s, STARTS[1], ("start", 0), everyone, at, rng))
    inside = np.flatnonzero(made[1].result == SUCCESS)
    weights = {task.name: task.weight for task in TASKS}
    for _ in range(2):  # two things a session, on average
        wanted = choose(rng, weights, len(inside))
        for number, task in enumerate(TASKS):
            made += _task(s, task, inside[wanted == number], at, rng)
    return made


def _event_frame(world: World, s: Sessions, made: list[Events], rng: Random) -> pl.DataFrame:
    rows = np.concatenate([events.session for events in made])
    at = np.concatenate([events.at for events in made])
    n = len(rows)
    names = np.repeat(np.arange(len(made)), [len(events.session) for events in made])
    kind, session = _kinds(made)[names], _columns(world, s)[rows]
    delay = lognormal(rng, LATE_EVENT_SECONDS, 0.8, n)
    repeats = chance(rng, 0.11, n)
    return pl.DataFrame(
        {
            "event_id": np.arange(n, dtype=np.int64) + (s.number[0] << 8),
            "event_name": label([*(events.name for events in made), RENAMED[1]], _renamed(s, made, rows, names)),
            **session[:, :"channel"].to_dict(),
            "event_time": moment(at),
            "receive_time": moment(after(at, delay)),
            "step_no": kind["step_no"],
            "screens": _screens(s, made, rows, names, rng),
            "duration_ms": np.rint(np.concatenate([events.milliseconds for events in made])),
            "result": label(RESULTS, np.concatenate([events.result for events in made])),
            "repeat_24h": repeats,
            **session[:, "app_version":"ab_group"].to_dict(),
            "network": label(list(NETWORKS), choose(rng, NETWORKS, n)),
            "is_test": np.zeros(n, dtype=np.bool_),
            "anonymous_id": session["anonymous_id"],
            "login_key": maybe(session["customer_key"], names >= len(STARTS)),  # known once that has succeeded
            **kind[:, "page_id":].to_dict(),
            **session[:, "os_version":].to_dict(),
        }
    )


def _kinds(made: list[Events]) -> pl.DataFrame:
    """What all events of a step have in common, a row each."""
    each = np.arange(len(made), dtype=np.int64)
    return pl.DataFrame(
        {
            "step_no": np.array([events.step for events in made]),
            "page_id": label([events.page for events in made], each),
            "node_id": label([*(f"{events.page}.{events.step}" for events in made), TWIN], each),
            "props": label([f'{{"page": "{events.page}", "step": {events.step}}}' for events in made], each),
        }
    )


def _columns(world: World, s: Sessions) -> pl.DataFrame:
    """What all events of a session have in common, a row each: the phone is known always, the login later."""
    os = world.people.os[s.who]
    return pl.DataFrame(
        {
            "session_id": s.number,
            **world.people.columns(s.who),
            "channel": label(list(CHANNELS), s.channel),
            "app_version": label(RELEASES, s.release),
            "os": label(list(OS), os),
            "device_model": label(MODELS, _model(world, s.who)),
            "ab_group": label(AB_GROUPS, s.who % 2),
            "anonymous_id": world.people.device[s.who],
            "os_version": label(OS_VERSIONS, os * 3 + s.who % 3),
            "province": label(PROVINCES, world.people.region[s.who]),
            "sdk": label(SDKS, s.release),
        }
    )


def _renamed(s: Sessions, made: list[Events], rows: Ints, names: Ints) -> Ints:
    """The positions of the names of events, where the release calls one otherwise the position behind the last."""
    old = np.array([events.name == RENAMED[0] for events in made])
    return np.where(old[names] & (s.release[rows] > BAD_RELEASE), len(made), names).astype(np.int64)


def _screens(s: Sessions, made: list[Events], rows: Ints, names: Ints, rng: Random) -> Ints:
    """How many screens came before each event."""
    found: Ints = np.clip(rng.poisson(3.4, len(rows)) + 1, 1, 15)
    event, fewer = NEW_PAGE
    known = np.flatnonzero(np.array([events.name == event for events in made])[names])
    new = known[s.who[rows[known]] % 2 == 1]
    found[new] = np.maximum(found[new] - fewer, 1)
    return found


def _stability(world: World, s: Sessions, rng: Random) -> pl.DataFrame:
    n = len(s)
    return pl.DataFrame(
        {
            "session_id": s.number,
            "ts": moment(s.at),
            **world.people.columns(s.who),
            "channel": label(list(CHANNELS), s.channel),
            "app_version": label(RELEASES, s.release),
            "os": label(list(OS), world.people.os[s.who]),
            "model": label(MODELS, _model(world, s.who)),
            "crash": chance(rng, np.where(s.broken, 0.06, 0.005), n),
            "anr": chance(rng, np.where(s.broken, 0.02, 0.0025), n),
        }
    )


def _pages(world: World, s: Sessions, rng: Random) -> pl.DataFrame:
    fewer = s.at >= world.calendar.midnight(round(SAMPLED_FROM * world.calendar.days))
    rows = np.flatnonzero(chance(rng, np.where(fewer, SEEN * SAMPLED[1] / SAMPLED[0], SEEN), len(s)))
    n = len(rows)
    far = 1.0 + 0.06 * np.array(FAR)[world.people.region[s.who[rows]]]
    lcp = lognormal(rng, 2_150 * far, 0.42, n)
    return pl.DataFrame(
        {
            "view_id": s.number[rows],
            "session_id": s.number[rows],
            "page": label(list(PAGES), choose(rng, PAGES, n)),
            "ts": moment(after(s.at[rows], rng.uniform(3, 90, n))),
            **world.people.columns(s.who[rows]),
            "channel": label(list(CHANNELS), s.channel[rows]),
            "lcp_ms": np.rint(lcp),
            "inp_ms": np.rint(lognormal(rng, 155, 0.55, n)),
            "cls": np.round(np.clip(lognormal(rng, 0.045, 0.8, n), 0, 2), 4),
            "fcp_ms": np.rint(lcp * rng.uniform(0.55, 0.75, n)),
            "ttfb_ms": np.rint(lognormal(rng, 320, 0.5, n)),
            "js_error_n": rng.poisson(0.04, n),
            "white_screen": chance(rng, 0.003, n),
            "device_class": label(DEVICE_CLASSES, _model(world, s.who[rows]) % 3),
            "sample_rate": np.where(fewer[rows], SAMPLED[1], SAMPLED[0]),
        }
    )


def _make(world: World, slots: Slots, rng: Random) -> Frames:
    sessions = _sessions(world, slots, rng)
    return {
        "event": _event_frame(world, sessions, _all_events(sessions, rng), rng),
        "app_stability": _stability(world, sessions, rng),
        "rum_page": _pages(world, sessions, rng),
    }


_EARLY = pl.col("event_time") < pl.col("event_time").max() - pl.duration(days=4)
# What one node of the last release sends, another sends too: both are mapped to the same event.
_MAPPED_TWICE = Spoil(
    "mapped_twice", 0.003, None, (pl.col("event_name") == TWINNED) & (pl.col("app_version") == RELEASES[-1]),
    again=together(put("node_id", TWIN), lambda _: {"event_id": -pl.col("event_id") - 1}))

DIGITAL = Theme(
    "digital",
    share=0.05,
    rhythm="digital",
    make=_make,
    times={"event": "event_time", "app_stability": "ts", "rum_page": "ts"},
    spoils={
        "event": (
            Spoil("test_row", 0.003, put("is_test", True)),
            Spoil("monitoring", 0.002, put("customer_key", MONITOR)),
            Spoil("late", 0.008, shifted("receive_time", 80, 40)),
            Spoil("clock_skew", 0.0001, shifted("event_time", 30, 20), _EARLY),
            Spoil("null_region", 0.002, put("region", None)),
            _MAPPED_TWICE,
            twice(0.004),
            told("renamed_event", pl.col("event_name") == RENAMED[1]),
        ),
        "app_stability": (twice(0.002),),
        "rum_page": (
            Spoil("nan_row", 0.002, blank("lcp_ms", "inp_ms", "cls", "fcp_ms", "ttfb_ms")),
            twice(0.001),
            told("sampling_changed", pl.col("sample_rate") != SAMPLED[0]),
        ),
    },
)
