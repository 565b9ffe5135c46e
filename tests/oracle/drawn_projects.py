"""Random projects: factors over random sources, formulas over them, composites with scores, on several floors."""

import datetime as dt
import re
from random import Random

import yaml
from drawn_sources import FIRST, TOUCH, Drawn, lookup_rows, write_lookup

KINDS = {"ms": " ms", "CNY": " CNY", "count": "", "share": "%", "nps": "", "scale": "", "number": ""}
TYPICAL = {"ms": (0, 1200), "CNY": (-100, 100), "count": (0, 20), "share": (0, 100), "nps": (-100, 100),
           "scale": (0, 10), "number": (-2, 5), "score": (0, 100)}
RULES = ("hf1", "hf2", "hf3", "hf4", "hf5", "hf6", "hf7", "hf8", "hf9")
WEIGHED_RULES = ("hf1", "hf2")  # the others ask how many rows there are
GRAINS = ("day", "week", "month", "quarter", "year")
DAYS = tuple(f"{FIRST + dt.timedelta(days=3 * number)}" for number in range(-2, 12))
CUTS = (["branch"], ["region"], ["segment"], ["branch", "segment"], ["region", "segment"])


class Project:
    """A random project by its seed: `text` in YAML, `tables` as plain rows."""

    def __init__(self, seed):
        self.draw = draw = Random(seed)
        self.sources = [Drawn(draw, number) for number in range(draw.choice([1, 1, 2, 3]))]
        self.kinds = {}  # indicator -> kind of its value
        self.feeds = {}  # indicator -> kind of what it gives to composites
        self.indicators = {}
        self.alike = {}  # indicator -> the one it is seen through a window of
        self.deep = {}  # indicator -> how many windows in one another, and whether one sets its own length
        self.cuts = draw.sample(CUTS, draw.randint(0, 3))
        for source in self.sources:  # every slice of a source is then told by its rows, whatever else is asked
            self.add("count", {"formula": f"count({source.name})"})
        for _ in range(draw.choice([3, 6, 12, 20])):
            draw.choice([self.factor, self.factor, self.factor, self.formula, self.composite, self.composite,
                         self.pooled, self.windowed])()
        self.versions()
        self.draft = {
            "project": "drawn", "time_zone": draw.choice(["UTC", "Asia/Shanghai"]),
            "week_start": draw.choice(["monday", "sunday"]),
            "year_start": draw.choice(["january", "april", "december"]),
            "grains": draw.sample(GRAINS, draw.randint(1, 3)),
            "cuts": self.cuts, "privacy": {"min_n": draw.choice([1, 1, 2, 5])},
            "dimensions": {"region": {"title": "区"}, "segment": {"values": ["mass", "gold"]},
                           "branch": {"within": "region", "lookup": {"read": "data/branches.csv", "key": "branch"}}},
            "sources": {source.name: source.definition() for source in self.sources}, "indicators": self.indicators}
        self.tables = {source.read: source.rows for source in self.sources} | {"data/branches.csv": lookup_rows()}

    @property
    def text(self):
        return yaml.safe_dump(self.draft, allow_unicode=True, sort_keys=False, width=1000)

    def forget_targets(self):
        """Some are out of reach, which is an error."""
        for draft in self.indicators.values():
            for version in (draft, *draft.get("versions", ())):
                version.pop("target", None)

    def write(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cxmetrics.yaml").write_text(self.text, "utf-8")
        for source in self.sources:
            source.write(folder)
        write_lookup(folder)

    # indicators

    def add(self, kind, draft):
        name = f"i{len(self.indicators)}" if self.draw.random() < 0.9 else f"指标{len(self.indicators)}"
        draw = self.draw
        feeds = kind
        if kind != "score" and draw.random() < 0.6:
            draft["score"], feeds = self.score(kind, draft)
        extras = {"target": lambda: self.literal(kind), "min_n": lambda: draw.randrange(6),
                  "rounding": lambda: draw.choice(["half_up(1)", "half_even(1)", "truncate(2)", "to(0.5)", "half_up(0)",
                                                   "to(0.3)"]),
                  "grains": lambda: [draw.choice(GRAINS)], "cuts": lambda: [draw.choice(CUTS)]}
        for key, make in extras.items():
            if draw.random() < 0.12:
                draft[key] = make()
        self.indicators[name], self.kinds[name], self.feeds[name] = draft, kind, feeds
        below = [self.deep[other] for other in self.named_in(draft)]
        formula = str(draft.get("formula"))
        own = any(each for _, each in below) or any(word in formula for word in (" over ", "rolling(", "_to_date("))
        through = any(word in formula for word in (" over ", "rolling(", "_to_date(", "prior(", "same_period"))
        self.deep[name] = max((depth for depth, _ in below), default=0) + through, own
        return name

    def named_in(self, draft):
        """The indicators a draft is made of."""
        return [other for other in self.indicators if other in draft.get("children", {})
                or re.search(rf"(?<!\w){other}(?!\w)", str(draft.get("formula")))]

    def windowed(self):
        """An indicator seen through a window, alone or beside itself."""
        draw = self.draw
        fitting = [name for name, (depth, _) in self.deep.items() if depth < 3 and self.feeds[name] != "z"]
        if not fitting:
            return
        name = draw.choice(fitting)
        span = f"{draw.randint(1, 3)} {draw.choice(['d', 'week', 'month', 'quarter', 'year'])}"
        made = [f"prior({name})", f"prior({name}, {span})", f"prior({name}, 1 month)", f"same_period_last_year({name})"]
        if not self.deep[name][1]:
            made += [f"rolling({name}, {span})", f"rolling({name}, {draw.choice([2, 7, 28])} d)",
                     f"{draw.choice(['week', 'month', 'quarter', 'year', 'inception'])}_to_date({name})",
                     f"prior(rolling({name}, {span}), 1 month)", f"rolling(prior({name}, 1 week), 10 d)"]
        formula = draw.choice(made)
        if draw.random() < 0.3:
            before = draw.choice([f"prior({name})", f"prior({name}, 3 d)"])
            self.add("number", {"formula": f"({name} - {before}) / {before}"})
        else:
            self.alike[self.add(self.kinds[name], {"formula": formula})] = name

    def versions(self):
        """Rules that change on a day, and the time for which an indicator holds, where nothing needs it unchanged."""
        draw, fixed = self.draw, set()
        for name, draft in reversed(self.indicators.items()):
            if name in fixed or draft.get("aggregate") == "leaves" or draft.get("combine") == "pooled":
                fixed |= set(draft.get("children", {}))
        for name, draft in self.indicators.items():
            if name in fixed or draw.random() < 0.7:
                continue
            days = sorted(draw.sample(DAYS, draw.randint(0, 2)))
            made = [{"valid_from": day} | self.version(name, draft) for day in days]
            if made:
                draft["versions"] = made
            if draw.random() < 0.3 and not days:
                draft["valid_from"] = draw.choice(DAYS[:8])
            if draw.random() < 0.3:
                draft["valid_to"] = draw.choice([day for day in DAYS if day >= max([*days, *DAYS[8:9]])])

    def version(self, name, draft):
        """What is different of an indicator from a day on."""
        draw = self.draw
        given = [{"target": self.literal(self.kinds[name])}, {"rounding": draw.choice(["half_up(1)", "to(0.5)"])}]
        if self.kinds[name] in ("ms", "CNY") and "formula" in draft and "score" not in draft:
            given += [{"formula": f"({draft['formula']}) * 2"}, {"formula": f"-({draft['formula']})"}]
        if isinstance(draft.get("children"), dict) and "aggregate" not in draft:
            children = list(draft["children"])
            given += [{"children": {child: draw.choice([1, 3]) for child in children}}, {"missing": "null"},
                      {"combine": draw.choice(["geometric", "weighted_mean"])}, {"require": [draw.choice(children)]}]
        return draw.choice(given)

    def literal(self, kind, place=None):
        low, high = TYPICAL[kind]
        value = low + (high - low) * (self.draw.random() if place is None else place)
        return f"{round(value, self.draw.choice([0, 1, 2])):g}{KINDS.get(kind, '')}"

    def score(self, kind, draft):
        draw, across = self.draw, sorted({name for cut in self.cuts for name in cut})
        match draw.randrange(6):
            case 0 if across:
                draft["direction"] = draw.choice(["up", "down"])
                return f"minmax(across = {draw.choice(across)})", "score"
            case 1 if across:
                draft["direction"] = draw.choice(["up", "down"])
                return f"zscore(across = {draw.choice(across)})", "z"
            case 2:
                ends = [self.literal(kind, 0.1), self.literal(kind, 0.9)]
                draw.shuffle(ends)
                options = draw.choice(["", ", to = 1..100", ", clip = false"])
                return f"goalposts({', '.join(ends)}{options})", "score"
            case 3 if draw.random() < 0.5:
                edges = [self.literal(kind, place) for place in (0.15, 0.5, 0.85)]
                points = sorted(draw.sample([0, 10, 40, 60, 100], 4), reverse=draw.random() < 0.5)
                return f"bands({', '.join(edges)}, to = {points})", "score"
            case _:
                chosen = draw.sample([0.05, 0.2, 0.4, 0.6, 0.9], draw.randint(2, 4))
                places = sorted(chosen, reverse=draw.random() < 0.5)
                points = sorted(draw.sample([0, 1, 20, 33.3, 60, 80, 100], len(places)))
                return {at: self.literal(kind, place) for at, place in zip(points, places, strict=True)}, "score"

    def factor(self):
        draw, source = self.draw, self.draw.choice(self.sources)
        s = source.name
        low, high = source.scale
        rule = f", rule = {draw.choice(WEIGHED_RULES if source.weighted else RULES)}" if draw.random() < 0.5 else ""
        rule += f", accuracy = {draw.choice(['1%', '0.3%', '12.5%'])}" if draw.random() < 0.3 else ""
        q = draw.choice([0.01, 0.1, 0.25, 0.333, 0.5, 0.75, 0.9, 0.999])
        within = draw.choice(["", ", within = 1 d", ", within = 90 min", ", within = 40 h"])
        boxes = f", promoters = {high}..{high}, detractors = {low}..{low + 2}"
        made = [
            ("count", f"count({s})"), ("count", f"count({s}.score)"), ("count", f"distinct({s}.id)"),
            ("count", f"distinct({s}.{draw.choice(['id', 'touch'])}, accuracy = 5%)"),
            ("count", f"distinct({s}.{draw.choice(['touch', 'score', 'ok', 'large', 'amount'])})"),
            ("share", f"checklist({s}.score, {s}.large, {s}.ok, by = {s}.{draw.choice(['id', 'touch'])}, cap = 60%)"),
            *[("share", f"conversion({self.condition(s)}, {steps}, by = {s}.{draw.choice(['id', 'touch'])}{within})")
              for steps in (self.condition(s), f"{self.condition(s)}, {self.condition(s)}")],
            ("share", f"checklist({s}.score, {s}.score)"), ("ms", f"first({s}.latency)"),
            ("CNY", f"last({s}.amount)"), ("CNY", f"sum({s}.amount)"),
            ("number", f"sum({s}.large)"), ("CNY", f"mean({s}.amount)"), ("number", f"mean({s}.large)"),
            ("scale", f"mean({s}.score)"), ("scale", f"ces({s}.score)"), ("ms", f"stdev({s}.latency)"),
            ("number", f"stdev({s}.score)"), ("ms", f"min({s}.latency)"), ("CNY", f"max({s}.amount)"),
            ("share", f"share({self.condition(s)})"), ("share", f"share({self.condition(s)})"),
            ("share", f"top_box({s}.score, {high - 1}..{high})"),
            ("share", f"csat({s}.score, top = {draw.choice([1, 3])})"),
            ("share", f"csat({s}.score)"), ("nps", f"nps({s}.score{'' if (low, high) == (0, 10) else boxes})"),
            ("ms", f"median({s}.latency)"), ("ms", f"median({s}.latency{rule})"),
            ("ms", f"p{draw.choice(['05', '50', '75', '95'])}({s}.latency{rule})"),
            ("ms", f"quantile({s}.twice, {q}{rule})"), ("scale", f"quantile({s}.score, {q}{rule})"),
            ("number", f"csi({s}.score, {high} - {s}.score, of = {draw.choice(['means', 'ratios'])})"),
            ("number", f"alpha({s}.score, {high} - {s}.score, clamp({s}.score, {low + 1}, {high - 1}))"),
            ("share", f"straight_lining({s}.score, {high} - {s}.score, clamp({s}.score, {low + 1}, {high}))"),
            ("number", f"correlation({s}.score, {s}.latency)"),
            ("number", f"apdex({s}.latency, {draw.choice(['500 ms', '0.25 s'])})"),
            ("number", f"apdex({s}.latency, 0.5 s, failed = ({self.condition(s)}))")]
        if source.weighted:  # a visit and a step are of several rows, which may weigh differently
            made = [one for one in made if one[1][:3] not in ("che", "con")]
        kind, formula = draw.choice(made)
        if draw.random() < 0.45 and formula.endswith(")"):
            formula = f"{formula[:-1]} where {self.condition(s)})"
        if draw.random() < 0.15:
            formula = f"{formula[:-1]} over {draw.choice(['2 d', '7 d', '1 month', '2 quarter', '1 year'])})"
        if draw.random() < 0.25 and not formula.startswith(
                ("distinct", "first", "last", "checklist", "conversion")):
            formula = f"{formula[:-1]} at {draw.choice(['end', 'end', 'start'])})"
        draft = {"formula": formula}
        if kind == "ms" and draw.random() < 0.3:
            draft["unit"] = draw.choice(["s", "min", "ms"])
        self.add(kind, draft)

    def condition(self, s, depth=1):
        draw = self.draw
        simple = [
            f"{s}.score >= 4", f"{s}.score in 2..4", f"{s}.score in [1, 3, 5]", f"{s}.touch = '{draw.choice(TOUCH)}'",
            f"{s}.touch in ['转账', 'log in']", f"{s}.touch != 'transfer'", f"{s}.ok = true", f"not {s}.ok",
            f"{s}.latency > 0.5 s", f"{s}.latency between 100 ms and 2 s", f"{s}.amount < 0 CNY", f"{s}.slow",
            f"{s}.touch contains 'a'", f"{s}.touch matches '^[a-t]'", f"{s}.score is missing",
            f"{s}.touch is not missing", f"{s}.twice <= 500 ms", f"{s}.large > 50", f"abs({s}.amount) > 1 CNY",
            f"{s}.day >= 2026-12-28", f"{s}.latency < 2 * 250 ms", f"weekday({s}.day) in 1..5"]
        if depth and draw.random() < 0.35:
            word = draw.choice(["and", "or"])
            return f"({self.condition(s, depth - 1)} {word} {self.condition(s, depth - 1)})"
        return f"not {draw.choice(simple[:6])}" if draw.random() < 0.1 else draw.choice(simple)

    def plain(self, name):
        """An indicator as a plain number."""
        match self.kinds[name]:
            case "ms":
                return f"{name} / 250 ms"
            case "CNY":
                return f"{name} / 3 CNY"
            case "count":
                counts = [other for other, kind in self.kinds.items() if kind == "count"]
                return f"{name} / {self.draw.choice(counts)}"
            case _:
                return f"{name} * 1.5"

    def formula(self):
        draw = self.draw
        x, y, z = (f"({self.plain(draw.choice(list(self.indicators)))})" for _ in range(3))
        s, t = (draw.choice(self.sources).name for _ in range(2))
        a, b = draw.choice(list(self.indicators)), draw.choice(list(self.indicators))
        self.add("number", {"formula": draw.choice([
            f"{x} + {y}", f"{x} - 2 * {y}", f"{x} / {y}", f"{x} * {y} + 1", f"ratio({x}, {y})", f"{x} ^ 2", f"2 ^ {y}",
            f"if({x} > {y}, {x}, {z})", f"coalesce({x}, {y}, 3)", f"clamp({x}, 0, 1)", f"round({x}, 2)", f"round({x})",
            f"min({x}, {y})", f"max({x}, {y}, {z})", f"abs({x})", f"ln({x})", f"exp({x})", f"sqrt({x})",
            f"geomean({x}, {y}, {z})", f"weighted_mean({x}, 3, {y}, 1)", f"-{x} + {y}",
            f"if({a} is missing or {b} is missing, 0, {x})", f"if({x} in 0..2 and not {y} between 1 and 3, {y}, {z})",
            f"if({x} > 0 or {y} > 0, 1, {z})", f"count({s} where {self.condition(s)}) / count({t})",
            f"sum({s}.latency) / sum({t}.latency)", f"mean({s}.latency) / 1 s - 2 * share({self.condition(t)})",
            f"coalesce(mean({s}.score where {self.condition(s)}) * 1, {x})"])})

    def composite(self):
        draw = self.draw
        kinds = [kind for kind in set(self.feeds.values()) if list(self.feeds.values()).count(kind) > 1]
        kind = "score" if "score" in kinds and draw.random() < 0.7 else draw.choice(sorted(kinds)) if kinds else None
        fitting = [name for name, own in self.feeds.items() if own == kind and self.unit_of(name) == self.unit_of(
            next(other for other, same in self.feeds.items() if same == kind))]
        if len(fitting) < 2:
            self.factor()
            return
        children = draw.sample(fitting, min(len(fitting), draw.randint(1, 5)))
        weights = [draw.choice([1, 2, 0.5, 3, 10]) for _ in children]
        if draw.random() < 0.4:
            parts = [round(100 / len(children), 1)] * (len(children) - 1)
            weights = [f"{part}%" for part in (*parts, round(100 - sum(parts), 1))]
        draft = {"children": dict(zip(children, weights, strict=True))}
        if draw.random() < 0.4:
            draft["when_not_split"] = draw.choice(["use_total", "use_total", "leave_out"])
        if draw.random() < 0.3 and len({(self.unit_of(leaf), self.feeds[leaf]) for leaf in self.leaves(draft)}) == 1:
            draft["aggregate"] = "leaves"
            kind = self.feeds[next(self.leaves(draft))]  # what stands between, a score among it, has no part in it
        if draw.random() < 0.3:
            draft["combine"] = "geometric"
        elif "aggregate" not in draft and draw.random() < 0.4:
            self.blend(kind, draft, children)
            return
        if draw.random() < 0.5:
            draft["missing"] = draw.choice(["null", "carry(2 d)", "carry(1 week, min_coverage = 30%)", "carry(100 d)",
                                            "renormalise(min_coverage = 80%)", "renormalise(min_coverage = 0%)",
                                            "renormalise(min_coverage = 50%)"])
        self.require(draft)
        self.add("number" if kind == "z" else kind, draft)

    def require(self, draft):
        """Children that have to be there, by name or by number."""
        draw, children = self.draw, list(draft["children"])
        if draw.random() < 0.3:
            few = [f"at_least({draw.randint(1, 1 if 'aggregate' in draft else len(children))})"]
            named = [] if "aggregate" in draft else draw.sample(children, draw.choice([0, 1]))
            draft["require"] = named + draw.choice([few, few, []]) or few

    def leaves(self, draft):
        """The leaves below a composite."""
        for name in draft["children"]:
            below = self.indicators[name]
            yield from self.leaves(below) if isinstance(below.get("children"), dict) else [name]

    def blend(self, kind, draft, children):
        """A composite by a formula whose unit is that of its children."""
        draw = self.draw
        first, *rest = draw.sample(children, len(children))
        text = draw.choice(["{}", "0.5 * {}", "-{}", "abs({})"]).format(first)
        for name in rest:
            text = draw.choice(["min({}, {})", "max({}, 2 * {})", "0.4 * {} + 0.6 * {}", "coalesce({}, {})",
                                "if({1} is missing, {0}, {1})", "weighted_mean({}, 3, {}, 1)"]).format(text, name)
        draft |= {"children": children, "combine": text}
        if draw.random() < 0.4:
            draft["missing"] = draw.choice(["null", "neutral(0)", "carry(5 d)"])
        self.require(draft)
        if kind in ("share", "nps"):  # of which there is no sum
            draft["combine"] = text = f"max({', '.join(children)}, {first})"
        self.add("number" if kind == "z" else kind, draft)

    def pooled(self):
        """Factors alike over several sources or conditions, and their rows counted together."""
        draw = self.draw
        weighted = draw.choice(self.sources).weighted
        sources = [source for source in self.sources if source.weighted == weighted]
        rule = f", rule = {draw.choice(WEIGHED_RULES if weighted else RULES)}" if draw.random() < 0.5 else ""
        kind, formula = draw.choice([
            ("count", "count({s}{where})"), ("CNY", "sum({s}.amount{where})"), ("CNY", "mean({s}.amount{where})"),
            ("number", "mean({s}.large{where})"), ("ms", "stdev({s}.latency{where})"),
            ("ms", "min({s}.latency{where})"),
            ("CNY", "max({s}.amount{where})"), ("share", "share({s}.latency > 0.5 s{where})"),
            ("share", "share({s}.ok = true{where})"), ("number", "apdex({s}.latency, 500 ms{where})"),
            ("ms", f"p75({{s}}.latency{rule}{{where}})"), ("ms", f"median({{s}}.twice{rule}{{where}})")])
        unit = {"unit": "min"} if kind == "ms" and draw.random() < 0.3 else {}
        children = []
        for _ in range(draw.randint(1, 3)):
            s = draw.choice(sources).name
            where = f" where {self.condition(s)}" if draw.random() < 0.8 else ""
            text = formula.format(s=s, where=where)
            if text not in [self.indicators[child]["formula"] for child in children]:
                self.add(kind, {"formula": text, **unit})
                children.append(list(self.indicators)[-1])
        draft = {"children": children, "combine": "pooled"}
        if draw.random() < 0.4:
            least = draw.choice([0, 80])
            draft["missing"] = draw.choice(["null", f"renormalise(min_coverage = {least}%)"])
        self.require(draft)
        self.add(kind, draft)

    def unit_of(self, name):
        draft = self.indicators[name]
        if name in self.alike and "score" not in draft:
            own = self.indicators[self.alike[name]]
            return self.unit_of(self.alike[name]) if "score" not in own else object()
        if "score" in draft:
            return "score"
        if draft.get("combine") == "pooled":
            child = self.indicators[draft["children"][0]]
            return child.get("unit") or child["formula"].split("(")[0] + str([s.scale for s in self.sources])
        if "children" in draft:
            return self.unit_of(next(iter(draft["children"])))
        return draft.get("unit") or draft["formula"].split("(")[0] + str([s.scale for s in self.sources])
