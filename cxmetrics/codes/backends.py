"""CX6xx: the engines that compute states."""

from __future__ import annotations

from cxmetrics.diagnostics import Code, Phrase

ENGINE_MISSING = Code(
    "CX602", "engine-missing",
    Phrase("the engine {engine} is not installed", "没有安装引擎 {engine}"),
    help=Phrase("install it, or choose another with `--engine`", "请安装，或用 `--engine` 换一个"))
