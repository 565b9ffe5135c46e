"""CX6xx: the engines that compute states."""

from __future__ import annotations

from cxmetrics.diagnostics import Code, Phrase

ENGINE_FAILED = Code(
    "CX601", "engine-failed",
    Phrase("the engine {engine} failed: {problem}", "引擎 {engine} 出错：{problem}"),
    note=Phrase("nothing was committed; the store holds the last whole run",
                "没有提交任何内容；存储中仍是上一次完整的结果"),
    help=Phrase("run again, or with another engine (`--engine`)", "请重新运行，或换一个引擎（`--engine`）"))
ENGINE_MISSING = Code(
    "CX602", "engine-missing",
    Phrase("the engine {engine} is not installed", "没有安装引擎 {engine}"),
    help=Phrase("install it, or choose another with `--engine`", "请安装，或用 `--engine` 换一个"))
