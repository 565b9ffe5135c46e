"""What each key of the YAML is for, in a sentence: for the JSON Schema, and for those who write in an editor.

`values` are all that a key takes; `examples` some of many.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cxmetrics import schema
from cxmetrics.diagnostics import Phrase


@dataclass(frozen=True, slots=True)
class KeyHelp:
    """What a key is for."""

    help: Phrase
    values: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


def _key(english: str, chinese: str, values: str = "", *examples: str) -> KeyHelp:
    return KeyHelp(Phrase(english, chinese), tuple(values.split()), examples)


_TITLED = {
    "title": _key("What people call it: a text, or one a language.", "名称：一段文字，或每种语言一段", "",
                  "{zh: 转账支付, en: Transfers}"),
    "description": _key("What it is about, in a sentence or more.", "说明，一句或多句"),
}
_SCALAR = ["string", "number", "boolean", "null"]  # as a scalar stands in the schema
_GRAINS = "day week month quarter year"
_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday"
_MONTHS = "january february march april may june july august september october november december"

KEYS: Mapping[type[schema.Draft], Mapping[str, KeyHelp]] = {
    schema.ProjectDocument: {
        "project": _key("The id of the project.", "项目标识", "", "retail_bank"),
        "import": _key("Libraries whose definitions hold here too: shipped ones, or folders of the project.",
                       "引入的定义库：随附的库，或项目内的文件夹", "", "cxmetrics/retail_bank"),
        **_TITLED,
        "time_zone": _key("The zone of days and periods; UTC.", "日期与周期的时区；默认 UTC", "", "Asia/Shanghai"),
        "week_start": _key("The day that weeks begin with; monday.", "一周的第一天；默认 monday", _WEEKDAYS),
        "year_start": _key("The month that years and quarters begin with; january.", "年与季的起始月；默认 january", _MONTHS),
        "grains": _key("The lengths of periods that are computed; [day, month].", "要计算的周期长度；默认 [day, month]",
                       _GRAINS),
        "cuts": _key("The dimensions, alone or crossed, by which values are split besides the total; none.",
                     "除总计外按哪些维度（单个或组合）拆分；默认无", "", "[[region], [region, branch]]"),
        "store": _key("The folder of the results; store.", "结果所在文件夹；默认 store", "", "store/"),
        "confidence": _key("How sure the intervals are; 95%.", "区间的置信水平；默认 95%", "", "95%", "90%"),
        "replicates": _key("How many random groups of units are left out to see how sure a number is; 30, 0 for none.",
                           "估计精度时逐一剔除的随机组数；默认 30，0 为不估计", "", "30"),
        "privacy": _key("When a number is hidden.", "何时隐藏数值", "", "{min_n: 30}"),
        "must_have": _key("What an indicator is asked for by `check`; nothing.", "check 要求每个指标具备什么；默认不要求",
                          "owner target test"),
        "allow": _key("Warnings that do not suit the project: their codes, each with the reason.",
                      "本项目不适用的警告：代码与理由", "", "{CX267: columns are declared as the export has them}"),
    },
    schema.Document: {
        "sources": _key("Where rows come from and what they promise, by id.", "数据源：数据从哪里来，有何约定"),
        "bind": _key("The bank's own tables and columns in place of those that a library names.",
                     "把库中的数据源与列对应到本行自己的表与列"),
        "dimensions": _key("The ways to slice, by id.", "维度：可按什么拆分"),
        "templates": _key("Indicators with parameters, to be used by several.", "带参数的指标模板，供多个指标使用"),
        "indicators": _key("The pyramid: factors and composites, by id.", "指标：因子与复合指标"),
        "benchmarks": _key("Numbers that others have published, with their method.", "他人公布的数值及其口径"),
        "tests": _key("Rows, and what has to come out of them.", "指标测试：给定的行与应得的结果"),
        "calendar": _key("Holidays, and days of the weekend that are worked.", "节假日与调休工作日"),
    },
    schema.GivenColumnDraft: {
        "type": _key("What the cells hold.", "单元格的类型", "integer number text boolean date time"),
        "unit": _key("What the numbers are of.", "数值的单位", "", "ms", "s", "min", "CNY", "share", "customers",
                     "CNY per customer"),
        "column": _key("The name in the files, where it is another.", "文件中的列名（与此处不同时）", "", "Branch no."),
        "scale": _key("The ends of an answer scale; answers off it are rejected.", "量表的两端，超出者拒收", "", "0..10", "1..5"),
        "values": _key("The closed set: other values are rejected.", "封闭取值集，其他取值拒收", "", "[success, timeout]"),
        "missing": _key("The codes that mean “no answer”.", "表示“没有回答”的代码", "", "[98, 99]"),
        "not_asked": _key("The codes of a question that was not put.", "表示“未被问及”的代码", "", "[97]"),
        "skipped": _key("The codes of a question that was passed over.", "表示“跳过”的代码", "", "[99]"),
        "empty": _key("What an empty cell means; not_asked.", "空单元格的含义；默认 not_asked", "not_asked skipped missing"),
        "format": _key("How dates and times are written.", "日期时间的写法", "", "epoch_ms", "epoch_s", "%Y-%m-%d"),
        "time_zone": _key("The zone of times that do not say theirs; that of the source.", "未注明时区的时间所用时区；默认随数据源",
                          "", "UTC"),
        "class": _key("The privacy class: C3 is not read, C2 is in no message.", "敏感级别：C3 不读取，C2 不出现在任何消息中",
                      "C1 C2 C3"),
        "description": _TITLED["description"],
    },
    schema.ColumnDraft: {
        "scales": _key("The scales that were in use before, the oldest first.", "以前用过的量表，由旧到新", "",
                       "[{until: 2025-12-31, scale: 1..5}]"),
        "formula": _key("What it is derived by, of other columns of the row.", "由同一行其他列派生的公式", "",
                        "closed_at - opened_at"),
    },
    schema.ScaleVersionDraft: {
        "until": _key("The last day of this scale.", "该量表的最后一天", "", "2025-12-31"),
        "scale": _key("The scale; `10..0` is flipped.", "量表；`10..0` 表示反向", "", "1..5"),
    },
    schema.UniqueDraft: {
        "by": _key("The columns that tell rows apart.", "区分各行的列", "", "[response_id]"),
        "keep": _key("Which of equal rows stays; latest.", "重复行保留哪一条；默认 latest", "latest first"),
    },
    schema.TimedDraft: {
        "read": _key("The file of the table.", "表所在文件", "", "data/branches.csv"),
        "table": _key("The table, where `read` is a database.", "`read` 为数据库时的表名"),
        "valid_from": _key("The column of when a row begins to hold.", "生效时间列"),
        "valid_to": _key("The column of the first moment in which it no longer holds.", "失效时间列（不含该时刻）"),
        "valid_until": _key("The column of the last day on which it holds.", "最后有效日列（含当日）"),
        "as_of": _key("Which row is found: that of the time of the row, or the newest; row.",
                      "取当时有效的行还是最新的行；默认 row", "row now"),
    },
    schema.DimensionLookupDraft: {
        "key": _key("The column of the table that holds the dimension.", "表中与该维度对应的列"),
        "columns": _key("The dimensions that the table gives; those it lies within.", "由该表得到的维度；默认为其上级维度"),
    },
    schema.LookupDraft: {
        "key": _key("The column of the table that is held against `on`.", "表中用于匹配的列"),
        "on": _key("The column of the source it is held against; that of the same name.", "数据源中用于匹配的列；默认同名列"),
        "columns": _key("The columns that the table gives, with their contracts.", "由该表得到的列及其约定"),
    },
    schema.DimensionDraft: {
        **_TITLED,
        "within": _key("The coarser dimension that it is part of.", "所属的上级维度", "", "region"),
        "values": _key("The closed set of its values.", "封闭取值集", "", "[mass, gold, private]"),
        "lookup": _key("A table that leads from it to others.", "由它查到其他维度的表", "",
                       "{read: data/branches.csv, key: branch}"),
        "min_n": _key("Values of its slices rest on so many rows at least.", "各切片至少要有多少行", "", "50"),
    },
    schema.WeightDraft: {
        "base": _key("The column of weights to begin with.", "初始权重列"),
        "rake": _key("The margins: of each, by its dimensions, the share or number of people.", "边际分布：各维度取值的占比或人数"),
        "per": _key("The stretch of time that is raked by itself; month.", "分别加权的时间段；默认 month",
                    "day week month quarter year all"),
        "trim": _key("By how much weights may differ at most.", "权重差异的上限"),
    },
    schema.SourceDraft: {
        "read": _key("Where the rows are: files (Parquet, CSV, JSON lines; globs), or a database.",
                     "数据所在：文件（Parquet、CSV、JSON lines，可用通配符）或数据库", "", "data/answers/*.parquet"),
        "table": _key("The table, where `read` is a database.", "`read` 为数据库时的表名"),
        **_TITLED,
        "time": _key("The column of when it was, or a date for all rows.", "时间列，或对所有行成立的日期", "", "submitted_at"),
        "received": _key("The column of when a row arrived.", "到达时间列", "", "received_at"),
        "late": _key("Rows received later than that after their time are rejected; any.", "迟到超过此时长的行拒收；默认不限", "",
                     "3 d"),
        "skew": _key("So are rows whose time is more than that after they were received; any.",
                     "时间晚于到达超过此时长的行拒收；默认不限", "", "10 min"),
        "fresh": _key("How long ago its last day may have ended; any.", "最后一天可结束多久；默认不限", "", "2 d"),
        "volume": _key("The least part of the rows of a usual day; 50%.", "每日行数至少为平常的几成；默认 50%", "", "30%"),
        "time_zone": _key("The zone of times that do not say theirs; that of the project.", "未注明时区的时间所用时区；默认随项目",
                          "", "UTC"),
        "entity": _key("Whom a row is about: several rows of one count as one draw.", "该行关于谁：同一对象的多行算一次抽取", "",
                       "customer_key"),
        "strata": _key("The column of the part of the population a unit was drawn from.", "抽样层所在列"),
        "population": _key("The column of how many units that part has in all.", "该层总体单位数所在列"),
        "weight": _key("The column of how many people a row stands for, or what to rake to.", "权重列，或要对齐的边际分布"),
        "columns": _key("The columns that formulas may use, with their contracts.", "公式可用的列及其约定"),
        "lookups": _key("Tables that give columns to the rows.", "为各行补充列的表"),
        "keep": _key("The rows that are looked at; all others are left out.", "保留哪些行，其余略去", "",
                     "is_complete and not is_test"),
        "unique": _key("Which rows are the same row.", "哪些行是同一条", "", "{by: [response_id], keep: latest}"),
        "flags": _key("Conditions on rows that a run counts; the rows stay.", "运行时计数的行条件；行仍保留", "",
                      "{no_branch: branch is missing}"),
        "dimensions": _key("The columns, or formulas, that make dimensions.", "构成维度的列或公式", "", "{branch: branch_id}"),
        "on_bad": _key("What becomes of a row that breaks a contract; reject.", "违反约定的行如何处理；默认 reject",
                       "reject null fail"),
        "max_bad": _key("With more bad rows than that it fails; 100%.", "坏行超过此比例则失败；默认 100%", "", "5%"),
    },
    schema.VersionDraft: {"valid_from": _key("The first day of this version.", "该版本生效的第一天", "", "2027-01-01")},
    schema.IndicatorDraft: {
        "use": _key("A template and its arguments.", "使用的模板及其参数", "", "page_speed(page = 'transfer')"),
        "for": _key("One indicator for each value.", "对每个取值各生成一个指标", "", "{page: [login, transfer]}"),
        "level": _key("The level in the pyramid; any word.", "所在层级", "", "north_star", "journey", "touchpoint",
                      "factor"),
        **_TITLED,
        "owner": _key("Who answers for it.", "负责人"),
        "criticality": _key("What hangs on it; told, and reckoned with nowhere.", "重要程度：只作说明，不参与计算",
                            "high medium low"),
        "tags": _key("Words to find it by.", "标签"),
        "formula": _key("What it is: over rows, or over other indicators.", "公式：按行计算，或由其他指标计算", "",
                        "share(txn.result = 'success')", "nps(answers.score)",
                        "count(complaints) / sum(customers.active)"),
        "unit": _key("The unit of the value, where it is to be another than that of the formula.", "数值的单位（与公式不同时）", "",
                     "s", "share", "CNY"),
        "direction": _key("Which way is good.", "越高越好（up）还是越低越好（down）", "up down"),
        "score": _key("The points a value earns.", "得分规则", "", "{0: 99%, 60: 99.5%, 100: 99.95%}",
                      "goalposts(10 s, 1 s)",
                      "bands(1 s, 3 s, 8 s, to = [100, 80, 60, 0])", "minmax(across = branch, to = 0..100)"),
        "target": _key("The value to be reached.", "目标值", "", "99.95%", "3 s"),
        "benchmark": _key("The peer it is compared with.", "对标的同业"),
        "peers": _key("Peers whose rows are in a source.", "数据在数据源中的同业", "",
                      "{source: reviews, column: bank, us: ours}"),
        "triangulate": _key("Another indicator that should move as it does.", "应与它同升降的另一指标"),
        "weight": _key("The weight in the composite it stands in.", "在上级中的权重", "", "60%"),
        "children": _key("What it combines: weights of others, or indicators written in place.",
                         "下级指标：引用及权重，或就地定义", "", "{effort: 60%, recommend: 40%}"),
        "combine": _key("How children are combined; weighted_mean.", "合成方式；默认 weighted_mean", "", "weighted_mean",
                        "geometric", "harmonic", "minimum", "power(2)", "pooled", "0.5 * a + 0.5 * min(b, c)"),
        "aggregate": _key("Whether the children are combined, or the leaves below them; children.",
                          "合成直接下级还是最底层指标；默认 children", "children leaves"),
        "missing": _key("What an absent child leads to; renormalise.", "下级缺失时如何处理；默认 renormalise", "",
                        "renormalise(min_coverage = 50%)", "null", "neutral(50)", "carry(28 d)"),
        "when_not_split": _key("A child whose sources cannot make a cut; leave_out.", "下级无法拆分时如何处理；默认 leave_out",
                               "leave_out use_total"),
        "require": _key("Children without which it is missing, and how many have to be there.", "缺之则不计算的下级，及至少需要几个", "",
                        "[recommend, at_least(2)]"),
        "rounding": _key("How the value is rounded, here and for all above.", "数值如何取整（影响上级）", "", "half_up(1)",
                         "half_even(1)", "truncate(2)", "to(0.5)"),
        "display": _key("How it is rounded when it is printed.", "显示时如何取整", "", "half_up(1)"),
        "min_n": _key("From how many rows on it is shown; that of the project.", "多少行以上才显示；默认随项目", "", "50"),
        "cuts": _key("The cuts of this indicator; those of the project.", "该指标的拆分；默认随项目", "", "[[region, branch]]"),
        "grains": _key("The grains of this indicator; those of the project.", "该指标的周期；默认随项目", _GRAINS),
        "valid_from": _key("Periods that begin before that day are missing.", "此日之前开始的周期缺失", "", "2026-01-01"),
        "valid_to": _key("Periods that begin after that day are missing.", "此日之后开始的周期缺失", "", "2027-12-31"),
        "versions": _key("What it is from a day on.", "自某日起的新规则", "", "[{valid_from: 2027-01-01, target: 90}]"),
    },
    schema.HolidayDraft: {
        "date": _key("The day, or the first and the last.", "日期，或起止日期", "", "2026-10-01..2026-10-07"),
        "kind": _key("A holiday, or a day of the weekend that is worked; holiday.", "节假日，或调休工作日；默认 holiday",
                     "holiday workday"),
        "name": _TITLED["title"],
    },
    schema.MethodDraft: {
        "population": _key("Of whom it was measured.", "测量对象"),
        "denominator": _key("Per what.", "分母"),
        "mode": _key("By which means: telephone, web, a third party.", "调查方式"),
        "instrument": _key("With which instrument.", "测量工具"),
        "question": _key("The question, word by word.", "题目原文"),
        "scale": _key("The answer scale.", "量表", "", "0..10"),
        "rounding": _key("How it was rounded.", "取整方式"),
        "note": _key("What else is to be known.", "其他说明"),
    },
    schema.EvidenceDraft: {
        "publisher": _key("Who published it.", "发布方"),
        "date": _key("When.", "发布日期", "", "2026-03-15"),
        "url": _key("Where it can be read.", "网址"),
        "note": _key("What else is to be known.", "其他说明"),
    },
    schema.BenchmarkDraft: {
        "indicator": _key("The indicator it is compared with.", "对应的指标"),
        "peer": _key("Whose number it is.", "哪家同业", "", "industry"),
        "value": _key("The number, in the indicator's unit.", "数值（指标的单位）", "", "98.7%"),
        "period": _key("The time it is of.", "所属时间", "", "2025", "2026-Q1"),
        "method": _key("How it was measured.", "测量方法"),
        "n": _key("Of how many; census, where of all.", "样本量；全部则写 census", "", "1200", "census"),
        "source": _key("Who published it, and when.", "发布方与日期"),
        "comparable": _key("How far it can be compared.", "可比程度", "same_method same_definition reference_only"),
        "licence": _key("Under which terms it may be used.", "使用许可"),
    },
    schema.BenchmarkFilesDraft: {"read": _key("CSV files with a column for each key.", "CSV 文件，每个键一列")},
    schema.PeersDraft: {
        "source": _key("The source with their rows.", "数据源"),
        "column": _key("The column that says whose a row is.", "区分各家的列"),
        "us": _key("What that column says of ourselves.", "该列中代表本行的取值"),
    },
    schema.PrivacyDraft: {"min_n": _key("Estimates and sums of fewer rows are hidden; 1.", "少于此行数则隐藏；默认 1", "", "30")},
    schema.TableDraft: {
        "columns": _key("The names of the columns, once.", "列名"),
        "rows": _key("The values of each row.", "各行的值"),
    },
    schema.MetricTestDraft: {
        "description": _TITLED["description"],
        "given": _key("The rows of each source.", "各数据源给定的行"),
        "at": _key("A day of the period that is tested.", "所测周期中的一天", "", "2026-03-01"),
        "grain": _key("The length of the period; the coarsest of the project.", "周期长度；默认为项目最长的", _GRAINS),
        "expect": _key("What has to come out, by indicator.", "各指标应得的结果", "", "{transfer_success: 99.5%}"),
        "tolerance": _key("By how much it may differ.", "允许的差", "", "0.001"),
    },
}


def help_of(model: type[schema.Draft], key: str) -> KeyHelp | None:
    """What a key of a map is for; None for one that it does not have."""
    tables = [KEYS[one] for one in model.__mro__ if issubclass(one, schema.Draft) and one in KEYS]
    found = next((table[key] for table in tables if key in table), None)
    if found is None and model is schema.VersionDraft:
        return KEYS[schema.IndicatorDraft].get(key)
    return found


def json_schema(language: Literal["en", "zh"]) -> dict[str, Any]:
    """The JSON Schema of the project file, with what each key is for; the files beside it lack only `project`."""
    whole = schema.ProjectDocument.model_json_schema(by_alias=True) | {"title": "cxmetrics"}
    whole.pop("required", None)
    _describe(whole, schema.ProjectDocument, language)
    for name, part in whole["$defs"].items():
        _describe(part, getattr(schema, name), language)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **whole}


def _describe(part: dict[str, Any], model: type[schema.Draft], language: Literal["en", "zh"]) -> None:
    for key, told in part.get("properties", {}).items():
        if (row := help_of(model, key)) is None:
            continue
        told["description"] = row.help.zh if language == "zh" else row.help.en
        if row.examples:
            told["examples"] = list(row.examples)
        if row.values:
            _close(told, row.values)


def _close(node: dict[str, Any], values: tuple[str, ...]) -> None:
    """Let scalars be of a closed set, or a parameter of a template; items of a list too."""
    if node.get("type") == _SCALAR:
        del node["type"]
        node["anyOf"] = [{"enum": list(values)}, {"type": "string", "pattern": r"^\s*\$"}]
        return
    for inner in (*node.get("anyOf", ()), *node.get("oneOf", ()), *([node["items"]] if "items" in node else [])):
        _close(inner, values)
