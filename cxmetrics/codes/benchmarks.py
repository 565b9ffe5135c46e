"""CX5xx: benchmarks and peers."""

from __future__ import annotations

from cxmetrics.diagnostics import Code, Phrase

METHODS_DIFFER = Code(
    "CX501", "methods-differ",
    Phrase("the benchmark of `{peer}` for `{indicator}` was measured another way: {theirs}, not {ours}",
           "`{peer}` 的 `{indicator}` 基准测法不同：是 {theirs}，不是 {ours}"),
    label=Phrase("another method", "测法不同"),
    note=Phrase("a benchmark is a number plus a method; unlike methods are never compared",
                "基准是数字加测法，测法不同则不可比较"),
    help=Phrase("use `comparable: reference_only`: it is shown, and yields no gap and no rank",
                "请写 `comparable: reference_only`：只展示，不计差距与排名"))
METHOD_MISSING = Code(
    "CX502", "method-missing",
    Phrase("the benchmark of `{peer}` for `{indicator}` has no method", "`{peer}` 的 `{indicator}` 基准没有写明测法"),
    label=Phrase("how it was measured is open", "不清楚如何测得"),
    help=Phrase("add `method` with population, denominator and mode, or `comparable: reference_only`",
                "请加上 `method`（人群、分母、方式），或 `comparable: reference_only`"))
BENCHMARK_UNIT = Code(
    "CX503", "benchmark-unit",
    Phrase("the benchmark is {found}, the indicator `{indicator}` {expected}",
           "基准的单位是 {found}，指标 `{indicator}` 是 {expected}"),
    label=Phrase("expected {expected}", "此处应为 {expected}"))
BENCHMARK_REPEATED = Code(
    "CX504", "benchmark-repeated",
    Phrase("two benchmarks of `{peer}` for `{indicator}` in {period}",
           "{period} 有两个 `{peer}` 的 `{indicator}` 基准"),
    label=Phrase("again here", "这里再次出现"),
    help=Phrase("keep the one to compare with; mark the other `comparable: reference_only`",
                "请保留用于比较的一个；另一个写 `comparable: reference_only`"))
