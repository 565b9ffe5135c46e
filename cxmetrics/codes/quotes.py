"""CX254: text and names, taken for each other."""

from __future__ import annotations

from cxmetrics.diagnostics import Code, Phrase

NOTHING_IS_MISSING = Phrase("what is not there is asked for with `is missing`: `{column} is missing`",
                            "询问缺失值请用 `is missing`：`{column} is missing`")

A_PARAMETER = Phrase("parameters of a template are written with `$`: `${name}`", "模板的参数前加 `$`：`${name}`")

TEXT_WITHOUT_QUOTES = Code(
    "CX254", "text-without-quotes",
    Phrase("`{name}` stands without quotes", "`{name}` 没有加引号"),
    label=Phrase("read as a name, and beside `{column}` a text is wanted", "被当作名称，而与 `{column}` 比较的应是文本"),
    note=Phrase("without quotes stand the names of sources, columns and indicators", "不加引号的是数据源、列和指标的名称"),
    help=Phrase("write `'{name}'`", "请写 `'{name}'`"))
