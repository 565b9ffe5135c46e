"""Random tables of lookups: keys as people write them, times of validity that never overlap, dirty values."""

# ruff: noqa: DTZ001 - local times have no zone

import datetime as dt

import polars as pl
from made import Lookup, column

from cxmetrics.ir import Validity

KEYS = {"id": ("a", " b", "c ", "1", "2", "zz"), "touch": ("transfer", "转账\u3000", "log_in", "Ünï", "a'b\"c"),
        "score": ("1", "02", " 9", "7.0", "x", "-1", "10")}
STARTS = tuple(dt.datetime(2026, 2, 20) + dt.timedelta(hours=31 * number) for number in range(12))
VALUES = {"region": ("north", "south", " east ", "", "odd"), "level": ("1", "2", "3", "9", "x", "98", ""),
          "window": ("deep", "light", None), "ends": ("2026-03-02 10:00:00", "2026-03-01T16:00:00Z", "soon", None),
          "part": ("0.25", "1e400", "nan", "-3", None)}


def lookups(draw):
    """Three lookups, their columns and their tables: by a key; as of the row or now; by what another gives."""
    on, timed = draw.choice(sorted(KEYS)), draw.choice([None, *sorted(KEYS)])
    end = draw.choice(["to", None])
    valid = Validity("from", end, "row" if timed is None else draw.choice(["row", "row", "now"]),
                     through=end is not None and draw.random() < 0.5,
                     now=draw.choice([None, dt.date(2026, 2, 26), dt.date(2026, 3, 2)]))
    found = (Lookup("zones", "zones", "region", "region"), Lookup("regions", "regions", "key", on),
             Lookup("windows", "windows", None if timed is None else "key", timed, valid))
    columns = (
        column("zone", "text", lookup="zones"),
        column("region", "text", lookup="regions", values=draw.choice([None, ("north", "south", "east")])),
        column("level", "integer", lookup="regions", low=draw.choice([None, 1.0]), high=3.0, missing=("98",)),
        column("window", "text", lookup="windows"), column("ends", "time", lookup="windows"),
        column("part", "number", lookup="windows"))
    zones = pl.DataFrame({"region": ["north", "east", None, "none"], "zone": ["upper", "lower", "x", "y"]})
    tables = {"zones": zones, "regions": plain(draw, KEYS[on]),
              "windows": validities(draw, KEYS[timed] if timed else (None,), ended=valid.end is not None,
                                    through=valid.through)}
    return found, columns, tables


def plain(draw, keys):
    chosen = [key for key in keys if draw.random() < 0.7] + [None] * draw.randrange(2)
    rows = [{"key": key, "region": draw.choice(VALUES["region"]), "level": draw.choice(VALUES["level"])}
            for key in chosen]
    return pl.DataFrame(rows, schema={"key": pl.String, "region": pl.String, "level": pl.String})


def validities(draw, keys, *, ended, through):
    """Rows one after the other for each key, some with gaps, the first perhaps since ever, the last perhaps open.

    `through`: an end is the last second.
    """
    rows = []
    for key in keys:
        moments = sorted(draw.sample(STARTS, draw.choice([0, 2, 4, 6] if ended else [0, 1, 2, 3])))
        pairs = (list(zip(moments[::2], moments[1::2], strict=True)) if ended
                 else [(moment, None) for moment in moments])
        for place, (start, end) in enumerate(pairs):
            first, last = place == 0, place == len(pairs) - 1
            follows = not last and draw.random() < 0.5
            rows.append({"key": key, "from": None if first and draw.random() < 0.3 else start,
                         "to": pairs[place + 1][0] if follows else None if last and draw.random() < 0.3 else end,
                         **{name: draw.choice(VALUES[name]) for name in ("window", "ends", "part")}})
    draw.shuffle(rows)
    if through:
        rows = [row | {"to": row["to"] and row["to"] - dt.timedelta(seconds=1)} for row in rows]
    frame = pl.DataFrame(rows, schema={"key": pl.String, "from": pl.Datetime("us"), "to": pl.Datetime("us"),
                                       "window": pl.String, "ends": pl.String, "part": pl.String})
    if draw.random() < 0.5:
        frame = frame.with_columns(pl.col("from", "to").dt.strftime("%Y-%m-%d %H:%M"))
    return frame
