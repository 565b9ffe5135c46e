"""CX34x: the sources of libraries, bound to tables of a project."""

from __future__ import annotations

from cxmetrics.diagnostics import Code, Phrase

OTHER_WAY_ROUND = Phrase("the library's column stands on the left, ours on the right: `{theirs}: {name}`",
                         "左边写库里的列，右边写自己表里的列：`{theirs}: {name}`")
NO_COLUMN = Phrase("`none` is said of a whole source; a column that the table lacks has to be delivered",
                   "`none` 只能用于整个数据源；表里缺少的列请数据方补上")
COLUMNS_NOT_BOUND = Code(
    "CX343", "columns-not-bound",
    Phrase("not all columns of `{source}` are bound: {names}", "`{source}` 还有列没有绑定：{names}"),
    severity="warning",
    label=Phrase("looked for under the names of the library", "将按库里的列名去找"),
    note=Phrase("a table without such a column cannot be read", "表里没有这些列时，该数据源无法读取"),
    help=Phrase("say which columns of the table they are, `{first}: {first}` where they have that name",
                "请写明它们是表里的哪一列；同名时写 `{first}: {first}`"))
SOURCES_NOT_BOUND = Code(
    "CX344", "sources-not-bound",
    Phrase("sources of libraries are bound to no table: {names}", "库里有数据源没有绑定到表：{names}"),
    severity="warning",
    label=Phrase("binds some of them", "只绑定了一部分"),
    note=Phrase("a run fails where the files of the library are not there", "库里写的文件不存在时，运行会报错"),
    help=Phrase("bind them, or say that there is no such table: `{first}: none`",
                "请绑定它们；没有这种表时写 `{first}: none`"))
