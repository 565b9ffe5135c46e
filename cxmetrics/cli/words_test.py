"""What `cxmetrics test` says."""

from __future__ import annotations

from typing import Final

from cxmetrics.diagnostics import Phrase

TEST: Final[dict[str, Phrase]] = {
    "help.test": Phrase(
        "Carry out the tests written in the YAML: given rows, expected values.\n\nNo data are read but the rows that "
        "the tests give. Exit status 1 if a test fails.",
        "运行写在 YAML 中的测试：给定若干行，检验结果\n\n只用测试给出的行，不读取数据。有测试不通过时退出状态为 1。"),
    "option.test.pattern": Phrase("Only tests whose name holds this (or fits it, with * and ?).",
                                  "只运行名称含有此文字（或匹配 * 与 ?）的测试"),
    "option.test.form": Phrase("How results are written.", "结果的输出格式"),
    "option.test.coverage": Phrase("Say which indicators no test reaches.", "列出没有测试覆盖的指标"),
    "option.test.least": Phrase("Exit status 1 if tests reach less; implies --coverage.",
                                "覆盖率低于此值时退出状态为 1；同时启用 --coverage"),
    "option.test.watch": Phrase("Carry them out again whenever a definition is written, until Ctrl-C.",
                                "定义一有改动就重新运行，直到按 Ctrl-C"),
    "test.coverage": Phrase("tests reach {reached} of {of} indicators, {share}: {expected} are expected, {through} "
                            "more are what these are made of",
                            "测试覆盖 {of} 个指标中的 {reached} 个（{share}）：{expected} 个直接检验，另有 {through} 个经由上级"),
    "test.unreached": Phrase("no test reaches", "没有测试覆盖"),
    "test.under": Phrase("less than {least} of the indicators is reached", "覆盖率低于 {least}"),
    "test.watching": Phrase("waiting for changes; Ctrl-C ends it", "等待改动；按 Ctrl-C 结束"),
    "test.changed": Phrase("\n{time}  {names}", "\n{time}  {names}"),
    "test.watch_text": Phrase("--watch is for people: it goes with --format text, not {form}",
                              "--watch 供人查看，只能用 --format text，不能用 {form}"),
    "column.file": Phrase("at", "位置"),
    "init.tests": Phrase("What has to come out of a few rows; cxmetrics test proves it.",
                         "给定几行数据应得出的结果，由 cxmetrics test 检验。"),
    "test.failed": Phrase("FAILED", "不通过"),
    "test.expected": Phrase("{what}: expected {wanted}, got {got}", "{what}：预期 {wanted}，实际 {got}"),
    "test.within": Phrase("{wanted} within {tolerance}", "{wanted}（容差 {tolerance}）"),
    "test.missing": Phrase("missing", "缺失"),
    "test.no_row": Phrase("no such row", "没有这一行"),
    "test.place": Phrase("{what} in {period}, {slice}", "{period} {slice} 的 {what}"),
    "test.place_all": Phrase("{what} in {period}", "{period} 的 {what}"),
    "test.rows": Phrase("made of {counted} of the {given} rows of {source}", "取自 {source} 的 {given} 行中的 {counted} 行"),
    "test.more": Phrase("and {count} more", "另有 {count} 行"),
    "test.parts": Phrase("made of", "取自"),
    "test.none": Phrase("no test is called like {pattern}", "没有名称与 {pattern} 相符的测试"),
    "test.nothing": Phrase("the project has no tests", "项目中没有测试"),
    "test.summary": Phrase("{passed} passed, {failed} failed, {seconds} s on {engine}",
                           "{passed} 个通过，{failed} 个不通过，用时 {seconds} 秒（{engine}）"),
}
