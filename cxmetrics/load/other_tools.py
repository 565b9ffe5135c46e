"""Keys that other tools have for what is said otherwise here, and how it is said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cxmetrics.diagnostics import Phrase

_RATIO = Phrase("a ratio is a formula: `formula: count(txn where txn.result = 'success') / count(txn)`",
                "比率写成公式：`formula: count(txn where txn.result = 'success') / count(txn)`")
_FORMULA = Phrase("how a number is made stands in one key: `formula: mean(answers.score)`",
                  "数字如何得出，只写在一个键里：`formula: mean(answers.score)`")
_FILTER = Phrase("rows are chosen inside the formula: `formula: count(txn where txn.result = 'success')`; for all of a "
                 "source, by its `keep`", "在公式里筛选行：`formula: count(txn where txn.result = 'success')`；"
                                          "对整个数据源请用它的 `keep`")
_TITLE = Phrase("what people read stands under `title`: `title: {{en: Success, zh: 成功率}}`",
                "供人阅读的名称写在 `title`：`title: {{en: Success, zh: 成功率}}`")
_SCORE = Phrase("thresholds are anchors of a score: `score: {{0: 8 s, 60: 3 s, 100: 1 s}}`",
                "阈值写成计分锚点：`score: {{0: 8 s, 60: 3 s, 100: 1 s}}`")
_CUTS = Phrase("slices are `dimensions`, and the project's `cuts` say which are stored: `cuts: [[region]]`",
               "切片用 `dimensions` 声明，项目的 `cuts` 决定存哪些：`cuts: [[region]]`")
_READ = Phrase("what is read stands under `read`: a path, a pattern, or the address of a database",
               "读取的内容写在 `read`：路径、通配符或数据库地址")
_CHILDREN = Phrase("what an indicator is made of stands under `children`: `children: {{login: 40%, transfer: 60%}}`",
                   "指标的组成写在 `children`：`children: {{login: 40%, transfer: 60%}}`")
_MERGE = Phrase("maps are not merged here; what several indicators have in common is a template: `templates`",
                "不支持合并键；多个指标共有的内容请写成模板：`templates`")
_ITS_COLUMN = Phrase("which of its columns a dimension is, each source says: `dimensions: {{region: branch_region}}`; "
                     "without that, the column that is called like the dimension",
                     "维度对应哪一列，写在各数据源的 `dimensions: {{region: 机构}}` 下；不写则取与维度同名的列")

_SAID_HERE: Final[dict[str, Phrase]] = {
    "<<": _MERGE,
    **dict.fromkeys(("numerator", "denominator"), _RATIO),
    **dict.fromkeys(("expr", "expression", "sql", "measure", "measures", "agg", "aggregation", "calculation",
                     "calc", "metric", "type", "type_params"), _FORMULA),
    **dict.fromkeys(("filter", "filters", "where", "condition", "conditions"), _FILTER),
    **dict.fromkeys(("name", "label", "display_name"), _TITLE),
    **dict.fromkeys(("threshold", "thresholds", "goal", "bands", "scoring"), _SCORE),
    **dict.fromkeys(("group_by", "breakdown", "slices", "by"), _CUTS),
    **dict.fromkeys(("path", "file", "files", "url", "location", "dataset"), _READ),
    **dict.fromkeys(("weights", "components", "inputs", "parts", "factors", "metrics"), _CHILDREN),
}


def said_here(path: Sequence[object]) -> Phrase | None:
    """How that is said here what another tool, or another place, has the last key of a path for."""
    if str(path[0]) == "dimensions" and str(path[-1]) in ("column", "columns", "field", "source"):
        return _ITS_COLUMN
    return _SAID_HERE.get(str(path[-1]))
