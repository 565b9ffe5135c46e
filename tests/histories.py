"""A small project whose files and definitions can change in every way that a run has to notice."""

from __future__ import annotations

import copy
import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

MONTH = dt.date(2026, 1, 19)  # the first day; days run across months and a quarter
DAYS = 75
CUTS: list[tuple[str, ...]] = [(), ("channel",), ("region",), ("channel", "segment"), ("branch",)]

PROJECT: dict[str, Any] = {
    "project": "histories",
    "grains": ["day", "week", "month", "quarter"],
    "cuts": [["channel"], ["region"], ["channel", "segment"]],
    "privacy": {"min_n": 2},
    "dimensions": {
        "channel": {"title": "Channel"}, "segment": {"title": "Segment"}, "region": {"title": "Region"},
        "branch": {"within": "region", "lookup": {"read": "data/branches.csv", "key": "branch"}},
    },
    "sources": {
        "tickets": {
            "read": "data/tickets*.csv", "time": "day",
            "columns": {"wait": "number", "steps": "integer", "result": "text"},
            "dimensions": {"branch": "branch_id"},
        },
        "answers": {
            "read": "data/answers*.csv", "time": "day", "received": "received",
            "columns": {"score": {"type": "integer", "scale": "0..10"}, "id": "text"},
            "unique": {"by": ["id"], "keep": "latest"},
        },
        "notes": {
            "read": "data/notes*.csv", "time": "day", "keep": "kind != 'test'",
            "columns": {"who": "text", "kind": "text", "mark": "integer", "more": {"formula": "mark + 1"}},
            "unique": {"by": ["who", "more"], "keep": "first"}, "dimensions": {"branch": "branch_id"},
        },
        "staff": {"read": "data/staff.csv", "time": "2026-02-11", "columns": {"heads": "integer"}},
    },
    "indicators": {
        "volume": {"formula": "count(tickets)"},
        "wait": {"formula": "mean(tickets.wait)", "direction": "down"},
        "p90": {"formula": "quantile(tickets.wait, 0.9)", "cuts": [["region"], ["branch"]], "grains": ["day", "week"]},
        "solved": {"formula": "share(tickets.result = 'ok')", "score": {"0": "50%", "100": "100%"}},
        "spread": {"formula": "stdev(tickets.wait)"},
        "longest": {"formula": "max(tickets.wait)"},
        "nps": {"formula": "nps(answers.score)"},
        "noted": {"formula": "count(notes)", "cuts": [["region"]], "grains": ["day", "month"]},
        "marked": {"formula": "mean(notes.mark)", "cuts": [["channel"]], "grains": ["week"]},
        "answered": {"formula": "count(answers) / count(tickets)"},
        "staff": {"formula": "sum(staff.heads)"},
        "quick": {"formula": "mean(tickets.wait)", "direction": "down", "score": "minmax(across = channel)"},
        "sure": {"formula": "mean(tickets.steps)", "score": "zscore(across = channel)"},
        "easy": {"formula": "mean(tickets.steps)", "score": {"0": 9, "50": 4, "100": 0}, "direction": "down"},
        "lately": {"formula": "quantile(tickets.wait, 0.5 over 10 d)"},
        "before": {"formula": "prior(all, 1 month)"},
        "recent": {"formula": "rolling(all, 3 week)"},
        "to_date": {"formula": "quarter_to_date(tickets_and_answers)", "grains": ["day", "month"]},
        "tickets_and_answers": {"formula": "count(tickets) - prior(count(answers))"},
        "all": {"children": {"quick": 3, "easy": 1, "solved": 2}},
    },
}

Change = Callable[[dict[str, Any]], None]


def put(value: object, *path: str) -> Change:
    """Something is set."""
    def change(project: dict[str, Any]) -> None:
        for key in path[:-1]:
            if key not in project:
                return
            project = project[key]
        project[path[-1]] = value
    return change


def drop(*path: str) -> Change:
    """Something is taken away."""
    def change(project: dict[str, Any]) -> None:
        for key in path[:-1]:
            project = project.get(key, {})
        project.pop(path[-1], None)
    return change


def both(*changes: Change) -> Change:
    """One after the other."""
    def change(project: dict[str, Any]) -> None:
        for each in changes:
            each(project)
    return change


TOGGLES: dict[str, Change] = {
    "formula": put("count(tickets where tickets.result = 'ok')", "indicators", "volume", "formula"),
    "weight": put(7, "indicators", "all", "children", "quick"),
    "score": put({"0": "0%", "100": "100%"}, "indicators", "solved", "score"),
    "own min_n": put(4, "indicators", "wait", "min_n"),
    "min_n": put(1, "privacy", "min_n"),
    "target": put(3, "indicators", "wait", "target"),
    "cut added": put([["channel"], ["region"], ["channel", "segment"], ["branch"]], "cuts"),
    "cut removed": put([["channel"]], "cuts"),
    "grain removed": put(["day", "month"], "grains"),
    "grain added": put(["day", "week", "month", "quarter", "year"], "grains"),
    "indicator added": put({"formula": "sum(tickets.steps where tickets.result = 'bad')"}, "indicators", "more"),
    "indicator removed": drop("indicators", "spread"),
    "source removed": both(drop("indicators", "nps"), drop("indicators", "answered"),
                           drop("indicators", "to_date"), drop("indicators", "tickets_and_answers"),
                           drop("sources", "answers")),
    "source contract": put({"type": "number", "scale": "0..8"}, "sources", "tickets", "columns", "wait"),
    "keep": put("result != 'bad'", "sources", "tickets", "keep"),
    "unique": put({"by": ["id"], "keep": "first"}, "sources", "answers", "unique"),
    "another key": put({"by": ["who", "branch_id"], "keep": "latest"}, "sources", "notes", "unique"),
    "no key": drop("sources", "notes", "unique"),
    "time": put("noted", "sources", "tickets", "time"),
    "constant time": put("2026-03-30", "sources", "staff", "time"),
    "zone": put("Asia/Shanghai", "time_zone"),
    "week": put("sunday", "week_start"),
    "year": put("february", "year_start"),
    "span": put("quantile(tickets.wait, 0.5 over 12 d)", "indicators", "lately", "formula"),
    "window": put("prior(all)", "indicators", "before", "formula"),
    "within": put("segment", "dimensions", "channel", "within"),
    "closed": put(["web", "app"], "dimensions", "channel", "values"),
    "read": put("data/tickets-[0-4]*.csv", "sources", "tickets", "read"),
    "level": put("factor", "indicators", "volume", "level"),
    "no lookup": drop("dimensions", "branch", "lookup"),
}


class World:
    """The project on the disk."""

    def __init__(self, root: Path, random: Random) -> None:
        self.root, self.toggled, self.files = root, set[str](), 0
        (root / "data").mkdir(parents=True)
        self.toggle(None)
        self.branches(random)
        self.tickets(random, 30)
        self.tickets(random, 45)
        self.answers(random, 30)
        self.notes(random, 30)
        self.staff(random)

    def toggle(self, name: str | None) -> None:
        """Change a definition, or change it back."""
        self.toggled ^= {name} if name is not None else set()
        project = copy.deepcopy(PROJECT)
        for each in sorted(self.toggled):
            TOGGLES[each](project)
        (self.root / "cxmetrics.yaml").write_text(json.dumps(project), "utf-8")

    def tickets(self, random: Random, day: int, *, bad: bool = False) -> None:
        """A file of tickets of a few days; `bad`: some rows say no readable time."""
        self.write(f"tickets-{self.files % 10}-{self.files}.csv", random, day, bad=bad)

    def answers(self, random: Random, day: int) -> None:
        """A file of answers; some correct those of other files."""
        self.write(f"answers-{self.files}.csv", random, day)

    def notes(self, random: Random, day: int) -> None:
        """A file of notes; a few have the key of one in another file."""
        self.write(f"notes-{self.files}.csv", random, day)

    def staff(self, random: Random) -> None:
        """The one file without days."""
        lines = [f"{random.choice(('web', 'app', 'desk'))},{random.randrange(9)}" for _ in range(3)]
        self.put("staff.csv", "channel,heads", lines)

    def branches(self, random: Random) -> None:
        """The lookup; some branches are not in it."""
        known = random.sample("abcd", random.randrange(1, 5))
        self.put("branches.csv", "branch,region", [f"{name},{random.choice(('north', 'south'))}" for name in known])

    def correct(self, random: Random) -> None:
        """A file gets other rows, on other days."""
        name = random.choice([*sorted(path.name for path in (self.root / "data").glob("*-*.csv")), "staff.csv"])
        if name == "staff.csv":
            self.staff(random)
        else:
            self.write(name, random, random.randrange(DAYS))

    def withdraw(self, random: Random) -> None:
        """A file goes, if it is not the last."""
        kind = random.choice(["tickets", "answers", "notes"])
        found = sorted((self.root / "data").glob(f"{kind}-*.csv"))
        if len(found) > 1:
            random.choice(found).unlink()

    def write(self, name: str, random: Random, day: int, *, bad: bool = False) -> None:
        """Rows of a few days beginning with a day."""
        self.files += 1
        header, row = _ROWS[name.partition("-")[0]]
        lines = []
        for _ in range(random.randrange(1, 12)):
            at = MONTH + dt.timedelta(day + random.choice((0, 0, 1, 2, 9)))
            lines.append(row(random, "soon" if bad and random.random() < 0.5 else at.isoformat(), at))
        self.put(name, header, lines)

    def put(self, name: str, header: str, lines: list[str]) -> None:
        """Write a table."""
        (self.root / "data" / name).write_text("\n".join((header, *lines, "")), "utf-8")


def _ticket(random: Random, day: str, at: dt.date) -> str:
    noted = at + dt.timedelta(random.randrange(3))
    return ",".join((day, f"{noted}T{random.randrange(24):02}:30:00Z", random.choice(("web", "app", "desk", "")),
                     random.choice(("gold", "mass")), random.choice("abcdz"),
                     random.choice(("", str(round(random.uniform(0, 10), 2)))), str(random.randrange(9)),
                     random.choice(("ok", "ok", "bad", ""))))


def _answer(random: Random, day: str, at: dt.date) -> str:
    return ",".join((day, f"{at + dt.timedelta(random.randrange(5))}", str(random.randrange(25)),
                     str(random.randrange(12)), random.choice(("web", "app"))))


def _note(random: Random, day: str, at: dt.date) -> str:
    who = random.choice((at.toordinal(), at.toordinal(), random.randrange(9), ""))
    return ",".join((day, str(who), random.choice(("call", "call", "visit", "test")), str(random.randrange(4)),
                     random.choice(("web", "app")), random.choice("abcdz")))


_ROWS = {"answers": ("day,received,id,score,channel", _answer),
         "tickets": ("day,noted,channel,segment,branch_id,wait,steps,result", _ticket),
         "notes": ("day,who,kind,mark,channel,branch_id", _note)}
