"""CX266 to CX268: names that were given and are used by nothing."""

from __future__ import annotations

from cxmetrics.diagnostics import Code, Phrase

UNUSED_SOURCE = Code(
    "CX266", "unused-source",
    Phrase("no indicator uses the source `{name}`", "没有指标使用数据源 `{name}`"),
    label=Phrase("read by nothing", "没有被读取"),
    help=Phrase("take it out, or write the indicator that was meant to use it", "请删去它，或补上本应使用它的指标"),
    severity="warning")
UNUSED_COLUMN = Code(
    "CX267", "unused-column",
    Phrase("nothing uses the column `{name}` of `{source}`", "没有任何地方使用 `{source}` 的列 `{name}`"),
    label=Phrase("in no formula, no key, no dimension", "不在任何公式、键或维度中"),
    note=Phrase("what is declared is held: rows with a bad value in it are rejected all the same",
                "声明了就会校验：该列的值有误时，整行仍会被拒收"),
    help=Phrase("take it out, or use it; the files may have columns that are not declared",
                "请删去它，或加以使用；文件中可以有未声明的列"),
    severity="warning")
UNUSED_TEMPLATE = Code(
    "CX268", "unused-template",
    Phrase("nothing uses the template `{name}`", "没有任何地方使用模板 `{name}`"),
    label=Phrase("never filled in", "从未被套用"),
    note=Phrase("a template is proved where it is used: what is wrong in this one stays unseen",
                "模板在使用时才会校验：这里即使有错也不会被发现"),
    help=Phrase("take it out, or write `use: {name}(…)` in an indicator", "请删去它，或在指标中写 `use: {name}(…)`"),
    severity="warning")
