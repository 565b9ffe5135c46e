"""What the language server knows of names: completion, hover, definition, references, renaming."""

import asyncio
import shutil
from pathlib import Path

import pytest
from editor import ROOT, Editor, at, place
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from cxmetrics.cli.command import status_of
from cxmetrics.cli.hovers import told_of
from cxmetrics.compile import compile_project

BANK = ROOT / "definitions" / "retail_bank"
TRANSFERS = "journeys/j03_transfers.yaml"
SMALL = """\
project: 小银行
cuts: [[渠道]]
dimensions: {渠道: {values: [app, web]}}
sources:
  交易:
    read: data/*.csv
    time: start
    dimensions: {渠道: channel}
    columns:
      result: {type: text, values: [success, timeout]}
      ms: {type: number, unit: ms}
      channel: text
templates:
  slow(page, limit = 3 s):
    formula: share(交易.ms > $limit where 交易.result = $page)
indicators:
  转账: {title: {zh: 转账😀, en: Transfers}, children: {成功率: 60%, speed: 40%}}
  成功率: {formula: share(交易.result = 'success'), score: {0: 0%, 100: 100%}}
  speed: {formula: p95(交易.ms), score: {0: 9 s, 100: 1 s}}
  twice: {formula: 2 * 成功率 + 成功率}
"""


@pytest.fixture
def bank(tmp_path):
    return Path(shutil.copytree(BANK, tmp_path / "bank"))


@pytest.fixture
def small(tmp_path):
    (tmp_path / "cxmetrics.yaml").write_text(SMALL, "utf-8")
    return tmp_path


def play(folder, scene, language="en"):
    async def whole():
        async with Editor(folder, language) as editor:
            await asyncio.wait_for(scene(editor), 60)
            assert editor.logged == []

    asyncio.run(whole())


# --- completion ----------------------------------------------------------------------------------------------------

# What stands in place of `  twice: …`, with the cursor; some of what is offered; some of what is not.
COMPLETED = (
    ("  x: {formula: sha¦", ["share"], ["speed"]),
    ("  x: {formula: 2 * spe¦", ["speed"], ["交易"]),
    ("  x: {formula: 成¦", ["成功率"], ["speed"]),
    ("  x: {formula: mean(¦", ["交易", "abs", "where"], ["speed", "nps"]),
    ("  x: {formula: mean(交易.¦", ["交易.ms", "交易.result", "交易.渠道"], ["speed"]),
    ("  x: {formula: share(交易.result = 'success' where 交易.¦", ["交易.ms"], []),
    ("  x: {formula: share(交易.result = '¦", ["success", "timeout"], ["交易"]),
    ("  x: {formula: share(交易.result in ['success', 't¦", ["timeout"], ["success"]),
    ("  x: {formula: share(交易.渠道 = '¦", ["app", "web"], []),
    ("  x: {lev¦", ["level"], ["formula"]),
    ("  x:\n    fo¦", ["formula", "for"], ["read"]),
    ("  x:\n    formula: speed\n    ¦", ["unit", "score"], ["formula"]),
    ("  x:\n    direction: ¦", ["up", "down"], []),
    ("  x:\n    level: ¦", ["journey", "touchpoint"], []),
    ("  x:\n    children:\n      spe¦", ["speed"], ["share"]),
    ("  x:\n    children: [spe¦", ["speed"], []),
    ("  x:\n    cuts: [[渠¦", ["渠道"], []),
    ("  x:\n    formula: >\n      0.5 * speed\n      + twi¦", [], ["share"]),
    ("sources:\n  s:\n    ti¦", ["time", "time_zone", "title"], ["formula"]),
    ("sources:\n  交易:\n    keep: res¦", ["result"], ["交易.result"]),
    ("sources:\n  交易:\n    columns:\n      y: {type: int¦", ["integer"], ["number"]),
    ("tests:\n  t:\n    expect:\n      ¦", ["speed", "成功率"], []),
    ("  x: {use: ¦", ["slow"], ["share"]),
    ("  x: {use: slow(¦", ["page = ", "limit = "], ["slow"]),
    ("  x: {use: slow(page = 'a', ¦", ["limit = "], ["page = "]),
    ("templates:\n  fast(page, limit = 1 s):\n    formula: share(交易.ms < $¦", ["$page", "$limit"], ["speed"]),
    ("templates:\n  fast(page, limit = 1 s):\n    ti¦", ["title"], ["time"]),
    ("¦", ["tests", "time_zone"], ["formula", "indicators"]),
)


def test_what_may_be_written_is_offered(small):
    async def scene(editor):
        document = editor.open("cxmetrics.yaml")
        for written, offered, others in COMPLETED:
            whole = written.startswith(("sources", "tests", "templates", "¦"))
            before = SMALL if whole else SMALL[:SMALL.index("  twice")]
            editor.write("cxmetrics.yaml", before + written.replace("¦", ""))  # mostly, nobody can read that as YAML
            spot = place(before + written, "¦")
            answer = await editor.client.text_document_completion_async(lsp.CompletionParams(document, spot))
            labels = [item.label for item in answer.items]
            assert set(offered) <= set(labels), written
            assert not set(others) & set(labels), written
            assert all(item.text_edit.range.end == spot for item in answer.items)

    play(small, scene)


def test_of_many_names_the_first_are_offered_and_the_editor_asks_again(tmp_path):
    lines = "".join(f"  i{number:05}: {{formula: count(t)}}\n" for number in range(3000))
    (tmp_path / "cxmetrics.yaml").write_text(
        f"project: p\nsources: {{t: {{read: t.csv, time: day}}}}\nindicators:\n{lines}  sum_of: {{formula: i029}}\n")

    async def scene(editor):
        document = editor.open("cxmetrics.yaml")
        text = editor.text("cxmetrics.yaml")
        answer = await editor.client.text_document_completion_async(
            lsp.CompletionParams(document, place(text, "i029}", 2)))
        assert answer.is_incomplete
        answer = await editor.client.text_document_completion_async(
            lsp.CompletionParams(document, place(text, "i029}", 4)))
        assert not answer.is_incomplete
        assert [item.label for item in answer.items] == [f"i029{number:02}" for number in range(100)]

    play(tmp_path, scene)


# --- hover ---------------------------------------------------------------------------------------------------------


async def hovered(editor, path, wanted, into=0):
    document = lsp.TextDocumentIdentifier(editor.uri(path))
    answer = await editor.client.text_document_hover_async(
        lsp.HoverParams(document, place(editor.text(path), wanted, into)))
    return None if answer is None else answer.contents.value


def test_an_indicator_is_told_in_words_and_where_it_comes_from(small):
    async def scene(editor):
        editor.open("cxmetrics.yaml")
        told = await hovered(editor, "cxmetrics.yaml", "成功率: 60%", 1)
        assert told.startswith("**成功率** `成功率`")
        assert "60% of 转账, Transfers" in told
        assert "data/\\*.csv" in told
        assert "cxmetrics run" in told  # no values yet

    play(small, scene)


def test_a_hover_knows_columns_functions_keys_and_dimensions_in_chinese_too(small):
    async def scene(editor):
        editor.open("cxmetrics.yaml")
        assert "number · ms" in await hovered(editor, "cxmetrics.yaml", "交易.ms", 4)
        assert "`success`, `timeout`" in await hovered(editor, "cxmetrics.yaml", "交易.result", 4)
        assert "`data/*.csv`" in await hovered(editor, "cxmetrics.yaml", "交易.ms", 1)
        assert "满足条件的行所占比例" in await hovered(editor, "cxmetrics.yaml", "share(", 1)
        assert "得分规则" in await hovered(editor, "cxmetrics.yaml", "score: ", 1)
        assert "`app`, `web`" in await hovered(editor, "cxmetrics.yaml", "渠道]]", 0)
        assert await hovered(editor, "cxmetrics.yaml", "小银行", 0) is None

    play(small, scene, "zh")


def test_a_hover_tells_the_latest_value_of_the_store(small):
    (small / "data").mkdir()
    rows = "".join(f"2026-03-{day:02} 10:00:00,{'success' if day % 4 else 'timeout'},{day * 100},app\n"
                   for day in range(1, 29))
    (small / "data/march.csv").write_text(f"start,result,ms,channel\n{rows}")
    assert status_of(["run", str(small)]) == 0

    async def scene(editor):
        editor.open("cxmetrics.yaml")
        assert "2026-03: 75.00%" in await hovered(editor, "cxmetrics.yaml", "成功率: 60%", 1)

    play(small, scene)


def test_of_a_large_project_the_value_is_told_where_what_it_is_made_of_is_small(small, monkeypatch):
    (small / "data").mkdir()
    (small / "data/march.csv").write_text("start,result,ms,channel\n2026-03-01 10:00:00,success,900,app\n")
    assert status_of(["run", str(small)]) == 0
    compiled = compile_project(small)
    told = {name: told_of(compiled, small, name, "en") for name in ("speed", "转账")}
    assert any("900 ms" in line for _, lines in told["speed"] for line in lines)
    monkeypatch.setattr("cxmetrics.cli.hovers.MOST", 1)
    assert told_of(compiled, small, "speed", "en") == told["speed"]
    assert told_of(compiled, small, "转账", "en") != told["转账"]


# --- definition, references, renaming --------------------------------------------------------------------------------


def test_a_name_leads_to_where_it_is_defined_and_named(bank):
    async def scene(editor):
        document = editor.open("north_star.yaml")
        spot = place(editor.text("north_star.yaml"), "transfers", 3)
        (there,) = await editor.client.text_document_definition_async(lsp.DefinitionParams(document, spot))
        assert there.uri == editor.uri(TRANSFERS)
        assert at(editor.text(TRANSFERS), there.range) == "transfers"
        found = await editor.client.text_document_references_async(
            lsp.ReferenceParams(lsp.ReferenceContext(include_declaration=True), document, spot))
        assert {editor.uri("north_star.yaml"), editor.uri(TRANSFERS)} <= {one.uri for one in found}
        text = editor.text(TRANSFERS)
        document = editor.open(TRANSFERS)
        (there,) = await editor.client.text_document_definition_async(
            lsp.DefinitionParams(document, place(text, "api.result", 5)))
        assert there.uri == editor.uri("sources.yaml")
        assert at(editor.text("sources.yaml"), there.range) == "result"

    play(bank, scene)


def test_what_was_not_saved_counts(bank):
    async def scene(editor):
        text = f"\n# 上面多了一行 😀\n{editor.text(TRANSFERS)}"
        editor.open(TRANSFERS, text)
        document = editor.open("north_star.yaml")
        (there,) = await editor.client.text_document_definition_async(
            lsp.DefinitionParams(document, place(editor.text("north_star.yaml"), "transfers", 3)))
        assert at(text, there.range) == "transfers"

    play(bank, scene)


def changed(editor, edit):
    """Write what a workspace edit says, as an editor would; the files it touches."""
    for uri, edits in edit.changes.items():
        path = next(path for path in editor.folder.rglob("*.yaml") if path.as_uri() == uri)
        text = path.read_text("utf-8")
        for one in sorted(edits, key=lambda one: (one.range.start.line, one.range.start.character), reverse=True):
            lines = text.split("\n")
            ends = []
            for position in (one.range.start, one.range.end):
                line = lines[position.line].encode("utf-16-le")[:position.character * 2].decode("utf-16-le")
                ends.append(sum(len(before) + 1 for before in lines[:position.line]) + len(line))
            text = text[:ends[0]] + one.new_text + text[ends[1]:]
        path.write_text(text, "utf-8")
    return set(edit.changes)


async def renamed(editor, path, wanted, into, new):
    document = lsp.TextDocumentIdentifier(editor.uri(path))
    spot = place(editor.text(path), wanted, into)
    params = lsp.RenameParams(document, spot, new)
    assert await editor.client.text_document_prepare_rename_async(lsp.PrepareRenameParams(document, spot)) is not None
    return await editor.client.text_document_rename_async(params)


@pytest.mark.parametrize(("path", "wanted", "into", "new"), [
    ("north_star.yaml", "transfers", 2, "转账支付"), (TRANSFERS, "transfer_technical", 3, "tech"),
    (TRANSFERS, "api.result", 1, "interfaces"), (TRANSFERS, "api.result", 6, "outcome"),
    ("sources.yaml", "biz_code", 2, "business"), ("tests/j03_transfers.yaml", "expect", -1, None)])
def test_a_name_is_another_in_all_files_and_the_project_still_compiles(bank, path, wanted, into, new):
    async def scene(editor):
        document = editor.open(path)
        if new is None:
            spot = place(editor.text(path), wanted, 1)
            assert await editor.client.text_document_prepare_rename_async(
                lsp.PrepareRenameParams(document, spot)) is None
            return
        edit = await renamed(editor, path, wanted, into, new)
        assert changed(editor, edit)
        before, after = compile_project(BANK), compile_project(bank)
        assert after.diagnostics == ()
        assert len(after.pyramid.indicators) == len(before.pyramid.indicators)
        physical = {name: {spec.physical for spec in origin.columns.values()}
                    for name, origin in before.pyramid.sources.items()}
        assert sorted(map(sorted, physical.values())) == sorted(
            sorted({spec.physical for spec in origin.columns.values()}) for origin in after.pyramid.sources.values())

    play(bank, scene)


def test_a_dimension_is_renamed_behind_chinese(small):
    async def scene(editor):
        editor.open("cxmetrics.yaml")
        changed(editor, await renamed(editor, "cxmetrics.yaml", "渠道]]", 0, "way"))
        assert compile_project(small).diagnostics == ()
        assert "渠道" not in editor.text("cxmetrics.yaml")

    play(small, scene)


@pytest.mark.parametrize("new", ["speed", "1st", "a b", "where", "", "x: y"])
def test_names_that_cannot_be_are_refused(small, new):
    async def scene(editor):
        editor.open("cxmetrics.yaml")
        with pytest.raises(JsonRpcException):
            await renamed(editor, "cxmetrics.yaml", "成功率: 60%", 0, new)

    play(small, scene)


def test_what_comes_with_cxmetrics_keeps_its_name(tmp_path):
    (tmp_path / "cxmetrics.yaml").write_text(
        "project: mine\nimport: cxmetrics/retail_bank\nindicators: {mine: {formula: nps(survey.nps) + cxi}}\n")

    async def scene(editor):
        document = editor.open("cxmetrics.yaml")
        spot = place(editor.text("cxmetrics.yaml"), "cxi", 1)
        (there,) = await editor.client.text_document_definition_async(lsp.DefinitionParams(document, spot))
        assert there.uri.endswith("retail_bank/north_star.yaml")
        with pytest.raises(JsonRpcException):
            await editor.client.text_document_rename_async(lsp.RenameParams(document, spot, "other"))

    play(tmp_path, scene)
