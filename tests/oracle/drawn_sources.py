"""Random sources with dirty rows: nulls, codes for no answer, values off the scale, NaN, large numbers, empty days."""

import csv
import datetime as dt
import json

import polars as pl

FIRST = dt.date(2026, 12, 24)  # so that weeks, months and years end inside the data
BRANCHES = ("a", "b", "Ünï", "分行", "d'e\"f", "nowhere")
REGIONS = {"a": "north", "b": "south", "Ünï": "north", "分行": "东,区", "d'e\"f": None}
SEGMENTS = ("mass", "gold")
TOUCH = ("transfer", "转账", "log in")
SCALES = ((0, 10), (1, 5), (1, 7))


class Drawn:
    """A source: its definition, its rows, and what formulas can be made over it."""

    def __init__(self, draw, number):
        self.draw, self.name = draw, f"s{number}"
        self.kind = draw.choice(["csv", "csv", "jsonl", "parquet"])
        self.scale = draw.choice(SCALES)
        self.dimensions = [name for name in ("branch", "segment") if draw.random() < 0.75]
        self.times = draw.random() < 0.4
        self.keyed = draw.random() < 0.3
        self.weighted = draw.random() < 0.3
        self.read = f"data/{self.name}.{self.kind}"
        self.rows = self.draw_rows()

    # rows

    def draw_rows(self):
        height = self.draw.choice([3, 12, 40, 90])
        days = self.draw.choice([1, 4, 12, 40, 100])
        skipped = {self.draw.randrange(days) for _ in range(days // 3)}
        rows = [self.clean()]
        for _ in range(height):
            after = self.draw.randrange(days)
            row = self.row(FIRST + dt.timedelta(days=after - (after in skipped)))
            rows += [row] if self.draw.random() < 0.95 else [row, dict(row)]
        return rows

    def clean(self):
        """A row with a value in every column: one that has none anywhere stops a run."""
        row = {"day": self.moment(FIRST), "id": self.native(1), "score": self.native(self.scale[1]),
               "touch": "transfer", "ok": self.native(True), "latency": self.native(250.5),
               "amount": self.native(100.25), "large": self.native(7)}
        row |= {"w": self.native(1.0)} if self.weighted else {}
        return row | {name: {"branch": "a", "segment": "gold"}[name] for name in self.dimensions}

    def row(self, day):
        draw = self.draw
        low, high = self.scale
        huge, far = (1e9, 2**30) if self.weighted else (1e17, 2**53)  # squares of what weighs much have to fit too
        score = draw.choice([low, high, draw.randint(low, high), draw.randint(low, high), draw.randint(low, high),
                             98, 99, high + 1, None])
        row = {
            "day": self.moment(day), "id": self.native(draw.randrange(30)), "score": self.native(score),
            "touch": self.padded(draw.choice([*TOUCH, *TOUCH, "other", None])),
            "ok": self.native(draw.choice([True, True, False, None])),
            "latency": self.native(draw.choice([round(draw.expovariate(1 / 400), 3), 500, 2000.0, 0.1, 250.5, None,
                                                float("nan")])),
            "amount": self.native(draw.choice([round(draw.gauss(0, 100), 2), huge, -huge, 1e-7, 3e-7, 0.1, None])),
            "large": self.native(draw.choice([far + 1, -far - 1, 16 * far, draw.randrange(100), 0, None]))}
        if self.weighted:
            drawn = draw.choice([0.0, 0.5, 1.0, 1.5, 2.25, 40.0, 0.7, 0.7, 1e-6, None, -1.0, float("nan")])
            row["w"] = self.native(drawn)
        places = {"branch": draw.choice([*BRANCHES, None]), "segment": draw.choice([*SEGMENTS, None, "wrong"])}
        return row | {name: self.padded(places[name]) for name in self.dimensions}

    def moment(self, day):
        if not self.times:
            return day if self.kind == "parquet" else day.isoformat()
        clock = dt.datetime.combine(day, dt.time(self.draw.randrange(24), self.draw.randrange(60)))
        if self.kind == "parquet":
            return clock
        return clock.isoformat() + self.draw.choice(["", "", "Z", "+08:00"])

    def native(self, value):
        """As a value of Parquet, or as text."""
        if value is None or self.kind == "parquet":
            return value
        return str(value).lower() if isinstance(value, bool) else self.padded(str(value))

    def padded(self, text):
        return f" {text}　" if isinstance(text, str) and self.kind != "parquet" and self.draw.random() < 0.1 else text

    # files and definitions

    def write(self, folder):
        path = folder / self.read
        path.parent.mkdir(parents=True, exist_ok=True)
        names = list(self.rows[0])
        match self.kind:
            case "csv":
                with path.open("w", newline="", encoding="utf-8") as file:
                    table = csv.DictWriter(file, names)
                    table.writeheader()
                    table.writerows(self.rows)
            case "jsonl":
                path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in self.rows), "utf-8")
            case "parquet":
                types = {"id": pl.Int64, "score": pl.Int64, "large": pl.Int64, "latency": pl.Float64,
                         "amount": pl.Float64, "w": pl.Float64, "ok": pl.Boolean}
                pl.DataFrame(self.rows, schema={name: types.get(name) for name in names}, strict=False,
                             infer_schema_length=None).write_parquet(path)

    def definition(self):
        draw, (low, high) = self.draw, self.scale
        columns = {
            "day": "time" if self.times else "date", "id": "integer",
            "score": {"type": "integer", "scale": f"{low}..{high}", "missing": [98, 99]},
            "touch": "text", "ok": "boolean", "latency": {"type": "number", "unit": "ms"},
            "amount": {"type": "number", "unit": "CNY"}, "large": "integer",
            "slow": {"formula": "latency > 500 ms"}, "twice": {"formula": "2 * latency"}}
        source = {"read": self.read, "time": "day", "columns": columns, "on_bad": draw.choice(["reject", "null"])}
        if draw.random() < 0.3:
            source["keep"] = draw.choice(["ok = true", "touch != 'other'", "ok is missing or latency < 3 s"])
        if self.weighted:
            source["weight"] = "w"
        if self.keyed:
            source["unique"] = {"by": ["id", "touch"][:draw.randint(1, 2)], "keep": draw.choice(["latest", "first"])}
        if draw.random() < 0.7:
            source["entity"] = draw.choice(["id", "touch"])
        return source


def lookup_rows():
    return [{"branch": branch, "region": region} for branch, region in REGIONS.items()]


def write_lookup(folder):
    with (folder / "data/branches.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, ["branch", "region"])
        table.writeheader()
        table.writerows(lookup_rows())
