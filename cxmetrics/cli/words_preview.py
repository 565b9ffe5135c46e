"""What `cxmetrics preview` says."""

from __future__ import annotations

from typing import Final

from cxmetrics.diagnostics import Phrase

PREVIEW: Final[dict[str, Phrase]] = {
    "help.preview": Phrase(
        "Compute one indicator at once, on a sample of its sources, and show the rows that made it.\n\nNothing is "
        "written. The last files of each source are read, and of these the last rows; the output says how many. Values "
        "of personal columns are not shown.",
        "在数据源的一部分上立即计算一个指标，并显示它由哪些行得出\n\n不写入任何内容。读取每个数据源最后的若干文件中最后的若干行，"
        "输出会说明读了多少。个人信息列的值不显示。"),
    "option.preview.rows": Phrase("At most so many rows of each source.", "每个数据源最多读取的行数"),
    "option.preview.shape": Phrase("table for people, json for programs.", "table 供人阅读；json 供程序使用"),
    "column.sample": Phrase("sample", "样本"),
    "column.dates": Phrase("days", "日期"),
    "column.counted": Phrase("count", "计入"),
    "preview.sample": Phrase("a sample: counts and sums are smaller than a run makes them",
                             "这是抽样结果：计数与合计小于正式运行的结果"),
    "preview.all": Phrase("all {rows} rows", "全部 {rows} 行"),
    "preview.last": Phrase("the last {rows} rows of {files} of {of} files", "{of} 个文件中 {files} 个的最后 {rows} 行"),
    "preview.none": Phrase("no row of these days", "没有这些日期的行"),
    "preview.no_rows": Phrase("no source has a row in the sample", "样本中没有任何数据源的行"),
    "preview.nothing": Phrase("{period}: nothing to say, for the sample has no day of it",
                              "{period}：样本中没有该周期的日期，无法计算"),
    "preview.target": Phrase("target {target} ({gap})", "目标 {target}（{gap}）"),
    "preview.rejected.one": Phrase("{count} row of {source} rejected, {column}: {reason}",
                                   "{source} 拒收 {count} 行，{column}：{reason}"),
    "preview.rejected.many": Phrase("{count} rows of {source} rejected, {column}: {reason}",
                                    "{source} 拒收 {count} 行，{column}：{reason}"),
    "preview.nulled.one": Phrase("{count} value of {source} taken as missing, {column}: {reason}",
                                 "{source} 有 {count} 个值按缺失处理，{column}：{reason}"),
    "preview.nulled.many": Phrase("{count} values of {source} taken as missing, {column}: {reason}",
                                  "{source} 有 {count} 个值按缺失处理，{column}：{reason}"),
    "preview.empty": Phrase("{column} of {source} has no value in any row", "{source} 的列 {column} 没有任何值"),
    "preview.bad": Phrase("{share} of the rows of {source} on {days} are bad; a run takes in at most {limit}",
                          "{source} 在 {days} 有 {share} 的行不合约定；正式运行最多接受 {limit}"),
    "preview.unraked": Phrase("{source} is not raked: margins are of all rows, and here are some",
                              "{source} 未做校准：边际分布针对全部行，这里只有一部分"),
    "preview.counting": Phrase("rows of {source} that count, {shown} of {counted}",
                               "{source} 计入的行（{counted} 行中的 {shown} 行）"),
    "preview.not_counting": Phrase("rows of {source} that were rejected", "{source} 被拒收的行"),
    "preview.duplicate": Phrase("repeated", "重复"),
    "preview.unsplit": Phrase("no slices by {by}: no source below has it in these rows",
                              "没有按 {by} 的切片：下层数据源在这些行中没有该维度"),
    "preview.made_of": Phrase("made of", "组成"),
    "preview.more": Phrase("and {count} more slices: --format json has them all", "另有 {count} 个切片：--format json 列出全部"),
}
