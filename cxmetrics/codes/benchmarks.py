"""CX264, CX28x and CX29x: benchmarks and peers, by their names."""

from __future__ import annotations

from cxmetrics.diagnostics import Code, Phrase

FIRST_RECORD = Phrase("first recorded here", "第一次记录在这里")
THE_INDICATOR = Phrase("the indicator is {expected}", "指标是 {expected}")
THE_COLUMN = Phrase("these are its values", "这是它的取值")

BENCHMARK_AFTER_ALL = Code(
    "CX277", "benchmark-after-all",
    Phrase("`{indicator}` is said to have no public benchmark, and there is one of `{peer}`",
           "`{indicator}` 声明没有公开基准，但已有 `{peer}` 的记录"),
    severity="warning",
    label=Phrase("no longer true", "已不成立"),
    help=Phrase("leave `benchmark: none` out, or name a comparable peer", "请去掉 `benchmark: none`，或写可比的同业"))
TWO_RECORDS = Code(
    "CX280", "two-records",
    Phrase("`{peer}` has two benchmarks for `{indicator}` of one period",
           "`{peer}` 对 `{indicator}` 的同一周期有两条基准"),
    label=Phrase("recorded again here", "这里再次记录"),
    note=Phrase("only one of the two can be in force", "两条之中只能有一条生效"),
    help=Phrase("keep one, or correct `period`", "请保留其中一条，或更正 `period`"))
BENCHMARK_PERIOD = Code(
    "CX281", "benchmark-period",
    Phrase("`{found}` is no period", "`{found}` 不是周期"),
    label=Phrase("neither a day, a month, a quarter nor a year", "不是日、月、季或年"),
    help=Phrase("write `2024`, `2024-Q3`, `2024-10`, `2024-10-01`, or from one to another: `2024-01..2024-06`",
                "请写成 `2024`、`2024-Q3`、`2024-10`、`2024-10-01`，或起止：`2024-01..2024-06`"))
NO_METHOD = Code(
    "CX282", "no-method",
    Phrase("the benchmark says nothing of its method", "这条基准没有说明方法"),
    label=Phrase("no method", "没有方法"),
    note=Phrase("a benchmark is a number plus a method: without it, nobody can say what may be compared",
                "基准是数字加方法：不知道方法，就不知道能与什么相比"),
    help=Phrase("say of whom it speaks (`population`), per what (`denominator`) or how it was asked (`mode`)",
                "请写明对象（`population`）、分母（`denominator`）或方式（`mode`）"))
UNKNOWN_PEER = Code(
    "CX283", "unknown-peer",
    Phrase("`{indicator}` has no peer `{peer}`", "`{indicator}` 没有同业 `{peer}`"),
    label=Phrase("no such peer", "没有这个同业"),
    help=Phrase("its peers are: {known}", "它的同业有：{known}"))
NO_PEERS = Code(
    "CX284", "no-peers",
    Phrase("`{indicator}` has no peers to compare with", "`{indicator}` 没有可比的同业"),
    label=Phrase("compares with peers", "要与同业比较"),
    help=Phrase("record benchmarks of it under `benchmarks`, or compute peers with its `peers`",
                "请在 `benchmarks` 下为它记录基准，或用 `peers` 计算同业"))
REFERENCE_ONLY = Code(
    "CX285", "reference-only",
    Phrase("`{peer}` is recorded for `{indicator}` for reference only", "`{peer}` 对 `{indicator}` 仅供参考"),
    label=Phrase("not to be compared with", "不可比较"),
    note=Phrase("what is `reference_only` is shown, and never yields a gap, a rank or a percentile",
                "标为 `reference_only` 的只展示，不产生差距、排名或百分位"),
    help=Phrase("compare with another peer, or record one measured by the same method",
                "请与其他同业比较，或记录用相同方法测得的基准"))
PEER_ARGUMENTS = Code(
    "CX286", "peer-arguments",
    Phrase("`{function}` takes {expected}", "`{function}` 需要 {expected}"),
    label=Phrase("written otherwise here", "这里的写法不同"),
    note=Phrase("peers belong to an indicator, not to a formula", "同业属于指标，不属于公式"),
    help=Phrase("name an indicator: `peer(app_nps, 'bank_a')`, `peers.median(app_nps)`",
                "请写指标名：`peer(app_nps, 'bank_a')`、`peers.median(app_nps)`"))
RAGGED_RECORD = Code(
    "CX287", "ragged-record",
    Phrase("the line has {found} cells, the header {expected}", "这一行有 {found} 格，表头有 {expected} 格"),
    label=Phrase("{found} cells", "{found} 格"),
    help=Phrase("put what holds a comma between double quotes, and leave a cell empty rather than out",
                "含逗号的内容请加双引号；没有内容的格子请留空，不要省略"))
OPEN_QUOTE = Code(
    "CX288", "open-quote",
    Phrase("a quoted cell does not end where it should", "带引号的格子没有正常结束"),
    label=Phrase("begins here", "从这里开始"),
    help=Phrase("close the quote before the comma; a quote inside is written twice", "请在逗号前闭合引号；格内的引号写两次"))
PEERS_NOT_CLOSED = Code(
    "CX289", "peers-not-closed",
    Phrase("the values of `{column}` are not declared", "`{column}` 没有声明取值"),
    label=Phrase("each value is a peer", "每个取值是一个同业"),
    note=Phrase("peers are known before a row is read, so that formulas can name them",
                "读取数据之前就要知道有哪些同业，公式才能引用它们"),
    help=Phrase("declare them all: `{{type: text, values: [our_bank, bank_a, bank_b]}}`",
                "请全部声明：`{{type: text, values: [our_bank, bank_a, bank_b]}}`"))
PEERS_OVER_ROWS = Code(
    "CX290", "peers-over-rows",
    Phrase("the peers of `{indicator}` cannot be computed from `{source}` alone",
           "只凭 `{source}` 无法计算 `{indicator}` 的同业"),
    label=Phrase("not a formula over the rows of `{source}`", "不是只用 `{source}` 各行的公式"),
    note=Phrase("a peer is the same formula on the peer's own rows", "同业的数值是用同一公式计算它自己的行"),
    help=Phrase("let all aggregates of the formula be over `{source}`, and name no other indicator in it",
                "公式中的聚合请都用 `{source}`，且不要引用其他指标"))
COMPUTED_AND_RECORDED = Code(
    "CX291", "computed-and-recorded",
    Phrase("`{peer}` is both computed from rows and recorded", "`{peer}` 既由数据计算又有记录"),
    label=Phrase("also a value of the column of `peers`", "也是 `peers` 所用列的取值"),
    help=Phrase("give one of the two another name", "请给其中一个改名"))
STALE_BENCHMARK = Code(
    "CX264", "stale-benchmark",
    Phrase("the last benchmark of `{peer}` for `{indicator}` is of {period}",
           "`{peer}` 对 `{indicator}` 的最新基准是 {period} 的"),
    label=Phrase("more than {years} years ago", "距今超过 {years} 年"),
    note=Phrase("it is still compared with what comes out today", "今天的结果仍在与它比较"),
    help=Phrase("record a newer one, or say `comparable: reference_only`",
                "请记录较新的基准，或写 `comparable: reference_only`"),
    severity="warning")
