"""CX900: faults of cxmetrics itself."""

from __future__ import annotations

from cxmetrics.diagnostics import Code, Phrase

INTERNAL = Code(
    "CX900", "internal",
    Phrase("a fault of cxmetrics, not of the definitions: {problem}",
           "这是 cxmetrics 自身的问题，与定义无关：{problem}"),
    note=Phrase("nothing was committed", "没有提交任何内容"),
    help=Phrase("please report it with the version (`cxmetrics --version`) and this text",
                "请附上版本（`cxmetrics --version`）和这段文字反馈给我们"))
