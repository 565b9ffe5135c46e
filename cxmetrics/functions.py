"""The functions of the language as data: one row each.

Aggregates turn the rows of one source into a number; numbers turn numbers into a number; row
functions work on the values of one row.  What each engine writes for a row function stands in its
backend; how an aggregate is finished from states stands in `finish`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from cxmetrics.diagnostics import Phrase

Result = Literal["count", "argument", "share", "nps", "number", "time"]
Argument = Literal["rows", "number", "condition", "any"]


@dataclass(frozen=True, slots=True)
class AggregateFunction:
    """An aggregate.

    `arguments`: the kind of each positional argument, with `?` where it may be left out, and with `*` at the end
    where any number more may follow; `options` by name.
    `result`: the unit of what it gives (`argument`: that of its argument).
    """

    name: str
    arguments: tuple[str, ...]
    result: Result
    help: Phrase
    options: tuple[str, ...] = ()
    example: str = ""

    @property
    def least(self) -> int:
        """How many positional arguments it needs."""
        return sum(not kind.endswith(("?", "*")) for kind in self.arguments)

    @property
    def most(self) -> int | None:
        """How many positional arguments it takes; None: any number."""
        return None if self.arguments[-1].endswith("*") else len(self.arguments)

    def kinds(self) -> Iterator[str]:
        """The kind of each positional argument it takes, without end if there may be any number."""
        yield from (kind.rstrip("?*") for kind in self.arguments)
        while self.most is None:
            yield self.arguments[-1].rstrip("*")


@dataclass(frozen=True, slots=True)
class NumberFunction:
    """A function of numbers, of aggregates or of the values of a row.

    `most` None: any number of arguments; `even`: but in pairs.
    """

    name: str
    least: int
    most: int | None
    help: Phrase
    paired: bool = False  # its arguments come two by two


@dataclass(frozen=True, slots=True)
class WindowFunction:
    """A function that looks at other days than those of the period; with more than one argument, the second a span."""

    name: str
    help: Phrase
    most: int = 1
    least: int = 1


def _aggregate(name: str, arguments: str, result: Result, en: str, zh: str, example: str = "",
               options: str = "") -> AggregateFunction:
    return AggregateFunction(name, tuple(arguments.split()), result, Phrase(en, zh), tuple(options.split()), example)


_AGGREGATES = (
    _aggregate("count", "rows", "count", "how many rows; 0 where there are none", "行数；没有行时为 0", "count(complaints)"),
    _aggregate("sum", "number", "argument", "sum; 0 where there are no rows", "合计；没有行时为 0", "sum(txn.amount)"),
    _aggregate("mean", "number", "argument", "arithmetic mean", "算术平均", "mean(answers.score)"),
    _aggregate("min", "number", "argument", "least value", "最小值", "min(txn.latency)"),
    _aggregate("max", "number", "argument", "greatest value", "最大值", "max(txn.latency)"),
    _aggregate("first", "number", "argument", "value of the first row by the source's time", "按数据源时间最早一行的值",
               "first(txn.latency)"),
    _aggregate("last", "number", "argument", "value of the last row by the source's time", "按数据源时间最晚一行的值",
               "last(txn.latency)"),
    _aggregate("stdev", "number", "argument", "standard deviation, divisor n − 1", "标准差（除以 n−1）", "stdev(txn.latency)"),
    _aggregate("share", "condition", "share", "part of the rows where the condition holds", "满足条件的行所占比例",
               "share(txn.result = 'success')"),
    _aggregate("distinct", "any", "count", "how many different values; 0 where there are none", "不同取值的个数；没有时为 0",
               "distinct(txn.customer_key)", "accuracy"),
    _aggregate("top_box", "number number", "share", "share of answers in the top boxes", "高分选项占比",
               "top_box(answers.score, 9..10)"),
    _aggregate("csat", "number", "share", "share of answers in the top points of the scale", "满意度：量表最高几档占比",
               "csat(answers.score, top = 2)", "top"),
    _aggregate("ces", "number", "argument", "mean effort score", "费力度均分", "ces(answers.score)"),
    _aggregate("nps", "number", "nps", "promoters 9–10 less detractors 0–6, −100…100", "推荐者减贬损者，−100…100",
               "nps(answers.score)", "promoters detractors"),
    _aggregate("median", "number", "argument", "middle value", "中位数", "median(txn.latency)", "rule accuracy"),
    _aggregate("quantile", "number number", "argument", "value below which a given part lies", "分位数",
               "quantile(txn.latency, 0.9, rule = hf6)", "rule accuracy"),
    _aggregate("apdex", "number number", "number", "(satisfied + tolerating / 2) / all; tolerating up to 4 T",
               "Apdex：(满意 + 容忍/2) / 全部，容忍上限为 4 T", "apdex(txn.latency, 500 ms)", "failed"),
    _aggregate("conversion", f"condition condition {'condition? ' * 8}", "share",
               "part of those who did the first step that went on through the others in order, within a time",
               "完成第一步者中，在限定时间内按顺序走完其余各步的占比",
               "conversion(visits.page = 'form', visits.page = 'done', by = visits.session, within = 30 min)",
               "by within"),
    _aggregate("checklist", "number number condition?", "share",
               "mean of visits' scores: part of the points reached; 0 or `cap` with a fatal item failed",
               "各次检查得分的均值：实得分占应得分之比；有致命项不合格时为 0 或 `cap`",
               "checklist(items.score, items.max_score, items.failed, by = items.visit)", "by cap"),
    _aggregate("csi", "number number", "number", "100 · perceived / expected; `of = means` of their means, or `ratios`",
               "预期差距指数：100 · 感知 / 预期；`of = means` 为均值之比，`ratios` 为比值的均值",
               "csi(answers.perceived, answers.expected)", "of"),
    _aggregate("alpha", "number number number*", "number", "Cronbach's alpha: how far the items of a scale agree",
               "克隆巴赫 α：量表各题的一致性", "alpha(answers.calm, answers.clear, answers.quick)"),
    _aggregate("straight_lining", "number number number*", "share",
               "share of those who answered all items that gave the same answer to each", "所有题目都选同一答案者的占比（答全者）",
               "straight_lining(answers.calm, answers.clear, answers.quick)"),
    _aggregate("correlation", "number number", "number", "Pearson's correlation, −1…1; missing where one never varies",
               "皮尔逊相关系数，−1…1；一方恒定时缺失", "correlation(answers.ease, answers.score)"),
)
AGGREGATES: Mapping[str, AggregateFunction] = {row.name: row for row in _AGGREGATES} | {
    f"p{q:02d}": _aggregate(f"p{q:02d}", "number", "argument", f"{q} % of the values lie below it", f"{q} 分位数",
                            f"p{q:02d}(txn.latency)", "rule accuracy")
    for q in range(1, 100)}

_NUMBERS = (
    NumberFunction("ratio", 2, 2, Phrase("first divided by second", "前者除以后者")),
    NumberFunction("abs", 1, 1, Phrase("distance from zero", "绝对值")),
    NumberFunction("ln", 1, 1, Phrase("natural logarithm; missing at 0 and below", "自然对数")),
    NumberFunction("exp", 1, 1, Phrase("e to the power of it", "指数函数")),
    NumberFunction("sqrt", 1, 1, Phrase("square root; missing below 0", "平方根")),
    NumberFunction("clamp", 3, 3, Phrase("kept between two limits", "限制在上下界之间")),
    NumberFunction("if", 3, 3, Phrase(
        "the second where the first holds, the third where it does not; missing where that is not known",
        "条件成立取第二个，不成立取第三个；无从判断时缺失")),
    NumberFunction("coalesce", 2, None, Phrase("the first that is there", "第一个不缺失的值")),
    NumberFunction("round", 1, 2, Phrase("rounded half up, in decimals", "四舍五入（十进制）")),
    NumberFunction("min", 2, None, Phrase("the least of several numbers", "几个数中最小的")),
    NumberFunction("max", 2, None, Phrase("the greatest of several numbers", "几个数中最大的")),
    NumberFunction("geomean", 1, None, Phrase("geometric mean; missing at 0 and below", "几何平均")),
    NumberFunction("weighted_mean", 2, None, Phrase("value, weight, value, weight …", "依次为 值、权重、值、权重……"),
                   paired=True),
)
NUMBERS: Mapping[str, NumberFunction] = {row.name: row for row in _NUMBERS}
ROW_TIMES: Mapping[str, Phrase] = {
    "hour": Phrase("hour of the day, 0–23", "小时，0–23"),
    "weekday": Phrase("day of the week, Monday 1 … Sunday 7", "星期几，周一为 1，周日为 7"),
    "day": Phrase("day of the month, 1–31", "日，1–31"),
    "month": Phrase("month, 1–12", "月，1–12"),
    "year": Phrase("year", "年"),
    "date": Phrase("the day of a time, without the time of day", "时间所在的日期"),
    "workday": Phrase("whether people work on that day, by the project's calendar", "按项目日历是否为工作日（含调休）"),
    "holiday": Phrase("whether the project's calendar has that day as a holiday", "按项目日历是否为节假日"),
}
_WINDOWS = (
    WindowFunction("prior", Phrase("what it was the period before, or a span before", "上一期，或某个跨度之前的值"), 2),
    WindowFunction("same_period_last_year", Phrase("what it was a year before; of a week, 52 weeks before",
                                                   "去年同期；按周则为 52 周之前")),
    WindowFunction("rolling", Phrase("over the last days up to the end of the period, from their rows",
                                     "截至期末的滚动窗口，由原始行合并"), 2, 2),
    WindowFunction("week_to_date", Phrase("from the start of the week", "本周至今")),
    WindowFunction("month_to_date", Phrase("from the start of the month", "本月至今")),
    WindowFunction("quarter_to_date", Phrase("from the start of the quarter", "本季至今")),
    WindowFunction("year_to_date", Phrase("from the start of the year", "本年至今")),
    WindowFunction("inception_to_date", Phrase("from the first row that there is", "自有数据以来至今")),
)
WINDOWS: Mapping[str, WindowFunction] = {row.name: row for row in _WINDOWS}
PEER_FUNCTIONS: Mapping[str, Phrase] = {
    "peer": Phrase("what one peer of an indicator came to", "某个同业在该指标上的数值"),
    "peers.median": Phrase("the middle of what the comparable peers came to", "可比同业的中位数"),
    "peers.mean": Phrase("the mean of what the comparable peers came to", "可比同业的平均数"),
    "peers.min": Phrase("the least that a comparable peer came to", "可比同业的最小值"),
    "peers.max": Phrase("the most that a comparable peer came to", "可比同业的最大值"),
}
WHOSE = "whose"  # of states by text: a value, and an empty text where a row has none
UNIT = "unit"  # of states by text: whom a row is about (of several columns all), or else when it was; and its stratum
DRAWN = "drawn"  # the stratum of a unit, and how many units that has in the population
REPLICATE = "replicate"  # of states by text: the group of units that a row falls into
AT_END = "at end"  # a condition of states by text: whether no later row of the day has that text
AT_START = "at start"  # the same, with no earlier row
COMPLETES = "completes"  # a condition: whether rows of the same text go on from this one, step by step, within a time
MARKS = frozenset((AT_END, AT_START, COMPLETES))  # conditions on a row that only other rows can tell
NO_END = frozenset(("distinct", "first", "last", "conversion", "checklist"))  # aggregates that take no `at …`
ROW_TEXTS: Mapping[str, NumberFunction] = {
    "bands": NumberFunction("bands", 2, None, Phrase(
        "the band a value lies in, lower end included: `bands(age, 30, 45)` is `<30`, `30-<45` or `>=45`",
        "数值所在的区间，含下限：`bands(age, 30, 45)` 为 `<30`、`30-<45` 或 `>=45`")),
}
ROW_ANSWERS: Mapping[str, Phrase] = {
    "answered": Phrase("whether a column holds an answer", "该列是否有回答"),
    "not_asked": Phrase("whether a question was not put: its codes under `not_asked`, and empty cells unless `empty` "
                        "says otherwise", "是否未被问及：`not_asked` 列出的代码，以及空单元格（除非 `empty` 另有说明）"),
    "skipped": Phrase("whether a question was put and passed over: its codes under `skipped`",
                      "是否被问及但跳过：`skipped` 列出的代码"),
}
ARITHMETIC = frozenset(("+", "-", "*", "/", "^", "negate"))
ORDER = frozenset(("<", "<=", ">", ">="))
EQUALITY = frozenset(("=", "!="))
LOGIC = frozenset(("and", "or", "not"))
TEXT_TESTS = frozenset(("contains", "starts_with", "matches"))
PRESENCE = frozenset(("is missing", "is not missing"))
CONDITIONS = ORDER | EQUALITY | LOGIC | TEXT_TESTS | PRESENCE | {"in", "between"}
OPERATORS = ARITHMETIC | CONDITIONS
BOTH = ("min", "max")  # of one column's rows, or of several numbers
CSI_RULES = ("means", "ratios")
# Of a source with weights: what each row weighs in, and what counts rows all the same.  All others are refused.
WEIGHED = frozenset(("mean", "stdev", "share", "top_box", "csat", "ces", "nps", "apdex", "csi", "alpha", "correlation",
                     "straight_lining", "median", "quantile", *(f"p{q:02d}" for q in range(1, 100))))
BY_ROWS = frozenset(("count", "sum", "min", "max", "first", "last", "distinct"))
QUANTILE_RULES = tuple(f"hf{number}" for number in range(1, 10))
WEIGHED_RULES = ("hf1", "hf2")  # those that follow from what each value weighs alone; the usual one first


def quantile_of(function: str) -> float | None:
    """The part that `p75` or `median` names, or None for other functions."""
    if function == "median":
        return 0.5
    name = function[1:]
    return int(name) / 100 if function[:1] == "p" and name.isdigit() and len(name) == 2 else None


def row_functions() -> tuple[str, ...]:
    """The functions that work on the values of one row."""
    return (*NUMBERS, *ROW_TIMES, *ROW_TEXTS, *ROW_ANSWERS)


def all_names() -> tuple[str, ...]:
    """Every function a formula may call, for suggestions."""
    return tuple(sorted({*AGGREGATES, *NUMBERS, *row_functions(), *WINDOWS, *PEER_FUNCTIONS}))
