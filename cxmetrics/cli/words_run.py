"""What `run` says."""

from __future__ import annotations

from typing import Final

from cxmetrics.diagnostics import Phrase

RUN: Final[dict[str, Phrase]] = {
    "run.rejected.one": Phrase("{count} row of {source} rejected, {reason}", "{source} 拒收 {count} 行，{reason}"),
    "run.rejected.many": Phrase("{count} rows of {source} rejected, {reason}", "{source} 拒收 {count} 行，{reason}"),
    "run.nulled.one": Phrase("{count} value of {source} taken as missing, {reason}",
                             "{source} 有 {count} 个值按缺失处理，{reason}"),
    "run.nulled.many": Phrase("{count} values of {source} taken as missing, {reason}",
                              "{source} 有 {count} 个值按缺失处理，{reason}"),
    "run.flagged": Phrase("{count} of {read} rows of {source} flagged, {flag}",
                          "{source} 的 {read} 行中有 {count} 行被标记，{flag}"),
    "run.decoded.one": Phrase("{count} file of {source} is not UTF-8, and was read as GB18030",
                              "{source} 有 {count} 个文件不是 UTF-8，已按 GB18030 读取"),
    "run.decoded.many": Phrase("{count} files of {source} are not UTF-8, and were read as GB18030",
                               "{source} 有 {count} 个文件不是 UTF-8，已按 GB18030 读取"),
    "run.more.flags": Phrase("and {count} more flags: --json FILE has them all", "另有 {count} 个标记：--json FILE 列出全部"),
    "run.more": Phrase("and {count} more reasons: --json FILE has them all", "另有 {count} 种原因：--json FILE 列出全部"),
    "run.span": Phrase(", {first} to {last}", "，{first} 至 {last}"),
    "run.done": Phrase("run {run} on {engine}{span}: {values} values ({statuses}) from {scans} in {seconds} s",
                       "运行 {run}（{engine}）{span}：{scans}，得到 {values} 个数值（{statuses}），用时 {seconds} 秒"),
    "run.work": Phrase("{scans}: {rows} rows, {size}, {states} states; {stages}",
                       "{scans}：{rows} 行，{size}，{states} 个中间状态；{stages}"),
    "run.seconds": Phrase("{stage} {seconds} s", "{stage} {seconds} 秒"),
    "scans.one": Phrase("{count} scan", "{count} 次扫描"),
    "scans.many": Phrase("{count} scans", "{count} 次扫描"),
    "run.nothing_new": Phrase("nothing was computed ({seconds} s)", "没有计算任何数值（{seconds} 秒）"),
    "run.nothing": Phrase("nothing to do: the store is up to date ({seconds} s)", "无需计算：存储已是最新（{seconds} 秒）"),
    "run.grain": Phrase("--grain goes with --period", "--grain 须与 --period 同用"),
    "run.period": Phrase("--period stands for both ends: leave out --from and --to",
                         "--period 已包含起止：请去掉 --from 和 --to"),
    "run.memory": Phrase("{memory} is no size of memory: write 4GB or 500MB", "{memory} 不是内存大小：请写成 4GB 或 500MB"),
    "run.failed": Phrase("failed: {sources}; all else was published", "失败：{sources}；其余均已发布"),
    "run.failed_alone": Phrase("failed: {sources}", "失败：{sources}"),
    "run.stale": Phrase("stale: {sources}", "已过期：{sources}"),
    "run.raked": Phrase("{source}: {rows} rows from {first} to {last} raked in {passes} passes, margins met to {gap}, "
                        "design effect {effect}",
                        "{source}：{first} 至 {last} 的 {rows} 行经 {passes} 次迭代完成校准，边际误差 {gap}，设计效应 {effect}"),
    "run.raked.trimmed": Phrase(
        "{source}: {rows} rows from {first} to {last} raked in {passes} passes, {trimmed} of them held at a bound, "
        "margins missed by {gap}, design effect {effect}",
        "{source}：{first} 至 {last} 的 {rows} 行经 {passes} 次迭代完成校准，其中 {trimmed} 行被截断，边际误差 {gap}，设计效应 {effect}"),
    "run.restated": Phrase("{count} published values restated: {why}", "更改了 {count} 个已发布的数值：{why}"),
    "run.dry": Phrase("dry run on {engine}{span}: {scans} to make, nothing computed",
                      "试运行（{engine}）{span}：需要 {scans}，未做计算"),
}
