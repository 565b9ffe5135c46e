"""What `cxmetrics coverage` says."""

from __future__ import annotations

from typing import Final

from cxmetrics.diagnostics import Phrase

COVERAGE: Final[dict[str, Phrase]] = {
    "help.coverage": Phrase(
        "Show which data feed nothing, and which indicators lack data.\n\nTables and columns that no source reads; "
        "events, error codes, questions and other codes that no formula takes or names; codes that formulas name and "
        "the data have not; indicators that have no rows. The files of all sources are read once, and nothing is "
        "stored.",
        "列出没有用上的数据，以及缺数据的指标\n\n没有数据源读取的表和列；没有公式用到、或没有公式点名的事件、错误码、问题等编码；"
        "公式点了名而数据里没有的编码；没有任何行可算的指标。读取全部数据源一遍，不存储任何内容。"),
    "coverage.table.unread": Phrase("files that no source reads", "没有数据源读取的文件"),
    "coverage.column.unread": Phrase("columns that nothing reads", "没有用上的列"),
    "coverage.value.feeds_nothing": Phrase("values whose rows feed no indicator", "所在行不进入任何指标的取值"),
    "coverage.value.not_named": Phrase("values that count among others, and that no formula names",
                                       "只随其他取值一起计入、没有公式点名的取值"),
    "coverage.value.never_seen": Phrase("values that formulas name and the data have not", "公式点了名、数据里却没有的取值"),
    "coverage.indicator": Phrase("indicators without data", "没有数据的指标"),
    "coverage.no_table": Phrase("there is no table for {source}", "{source} 没有表"),
    "coverage.unreadable": Phrase("{source} cannot be read: {because}", "{source} 无法读取：{because}"),
    "coverage.no_rows": Phrase("{source} has no rows", "{source} 没有行"),
    "coverage.no_values": Phrase("{source} has no value in {because}", "{source} 的 {because} 列没有值"),
    "coverage.never_seen": Phrase("{source} has no rows with {because}", "{source} 没有 {because} 的行"),
    "coverage.below": Phrase("nothing below it has data", "下级都没有数据"),
    "coverage.counted": Phrase("{name} ({count})", "{name}（{count}）"),
    "coverage.more": Phrase("and {count} more", "另有 {count} 个"),
    "coverage.summary": Phrase("{count} of {of} indicators lack data; --format json or csv lists everything",
                               "{of} 个指标中有 {count} 个缺数据；--format json 或 csv 可列出全部"),
    "column.pattern": Phrase("files", "文件"),
    "column.column_names": Phrase("columns", "列"),
    "column.value_names": Phrase("values (rows)", "取值（行数）"),
    "column.because": Phrase("waits for", "缺少"),
}
