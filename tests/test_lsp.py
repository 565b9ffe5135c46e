"""The language server, through a client of another make, over standard input and output."""

import asyncio
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from editor import ROOT, Editor, at, place
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

BANK = ROOT / "definitions" / "retail_bank"
TRANSFERS = "journeys/j03_transfers.yaml"
SMALL = """\
project: 小银行
sources:
  txn: {read: data/*.csv, time: start, columns: {result: text, ms: {type: number, unit: ms}}}
indicators:
  转账成功率: {title: {zh: 转账😀成功率, en: Transfers}, formula: share(txn.result = 'success')}
  speed: {formula: p95(txn.ms)}
"""


@pytest.fixture
def bank(tmp_path):
    return Path(shutil.copytree(BANK, tmp_path / "银行 bank"))


@pytest.fixture
def small(tmp_path):
    (tmp_path / "cxmetrics.yaml").write_text(SMALL, "utf-8")
    return tmp_path


def play(folder, scene, language="en"):
    async def whole():
        async with Editor(folder, language) as editor:
            await asyncio.wait_for(scene(editor), 60)

    asyncio.run(whole())


# --- findings ------------------------------------------------------------------------------------------------------


def test_what_is_wrong_is_told_as_it_is_written_and_taken_back(bank):
    async def scene(editor):
        text = editor.text(TRANSFERS)
        editor.open(TRANSFERS)
        assert await editor.found(TRANSFERS) == []
        start = place(text, "share(")
        editor.write(TRANSFERS, "shar", lsp.Range(start, lsp.Position(start.line, start.character + 5)))
        (wrong,) = await editor.found(TRANSFERS, ["CX204"])
        assert wrong.source == "cxmetrics"
        assert "`shar`" in wrong.message
        assert "did you mean `share`?" in wrong.message
        assert at(text.replace("share(", "shar(", 1), wrong.range) == "shar"
        editor.write(TRANSFERS, text)
        assert await editor.found(TRANSFERS) == []
        assert editor.text(TRANSFERS) == text  # nothing was saved

    play(bank, scene)


def test_columns_are_counted_in_utf_16_behind_chinese_and_beyond(small):
    async def scene(editor):
        editor.open("cxmetrics.yaml")
        assert await editor.found("cxmetrics.yaml") == []
        spoiled = SMALL.replace("txn.result = ", "txn.resul = ")
        editor.write("cxmetrics.yaml", "resul", lsp.Range(place(SMALL, "result = "), place(SMALL, "result = ", 6)))
        (wrong,) = await editor.found("cxmetrics.yaml", ["CX203"])
        assert at(spoiled, wrong.range) == "txn.resul"
        line = spoiled.splitlines()[4]
        assert wrong.range.start.character == line.index("txn.resul") + 1  # one more than characters: 😀 is two

    play(small, scene)


def test_findings_are_told_in_the_language_of_the_editor(small):
    async def scene(editor):
        editor.open("cxmetrics.yaml", SMALL.replace("p95", "p955"))
        (wrong,) = await editor.found("cxmetrics.yaml", ["CX204"])
        assert "函数" in wrong.message

    play(small, scene, "zh-cn")


def test_a_slip_in_one_file_shows_in_the_others_when_one_is_still(bank):
    async def scene(editor):
        editor.open("sources.yaml", editor.text("sources.yaml").replace("  api:", "  apis:", 1))
        wrong = await editor.found(TRANSFERS, None)
        while not wrong:
            editor.published.pop(editor.uri(TRANSFERS))
            wrong = await editor.found(TRANSFERS)
        assert {one.code for one in wrong} == {"CX202"}
        editor.client.text_document_did_close(
            lsp.DidCloseTextDocumentParams(lsp.TextDocumentIdentifier(editor.uri("sources.yaml"))))
        assert await editor.found(TRANSFERS, []) == []

    play(bank, scene)


def test_while_yaml_is_broken_the_other_files_stay_as_they_were(bank):
    async def scene(editor):
        text = editor.text("sources.yaml")
        editor.open("sources.yaml")
        editor.open(TRANSFERS)
        assert await editor.found("sources.yaml") == []
        editor.write("sources.yaml", text.replace("  api:", "  api: {", 1))
        assert [one.code for one in await editor.found("sources.yaml")] == ["CX001"]
        await asyncio.sleep(1)  # the whole is compiled meanwhile
        assert await editor.found(TRANSFERS) == []
        assert [one.code for one in await editor.found("sources.yaml")] == ["CX001"]

    play(bank, scene)


def test_files_that_are_written_by_others_are_read_again(bank):
    async def scene(editor):
        editor.open(TRANSFERS)
        assert await editor.found(TRANSFERS) == []
        (bank / "sources.yaml").write_text("sources: {}\n")
        editor.client.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams(
            [lsp.FileEvent(editor.uri("sources.yaml"), lsp.FileChangeType.Changed)]))
        while not await editor.found(TRANSFERS):
            editor.published.pop(editor.uri(TRANSFERS), None)

    play(bank, scene)


def test_a_bomb_does_not_kill_the_server(small):
    async def scene(editor):
        bomb = "a: &a [x, x]\n" + "".join(
            f"{name}: &{name} [{', '.join([f'*{before}'] * 20)}]\n" for before, name in zip("abcdefgh", "bcdefghi",
                                                                                        strict=True))
        editor.open("bomb.yaml", bomb)
        assert "CX009" in [one.code for one in await editor.found("bomb.yaml")] or editor.logged == []
        editor.open("deep.yaml", "[" * 100_000)
        assert await editor.found("deep.yaml")
        editor.open("formula.yaml", f"indicators: {{a: {{formula: {'(' * 50_000}}}}}\n")
        assert await editor.found("formula.yaml")
        assert await editor.leave() == 0
        assert editor.logged == []

    play(small, scene)


# --- the conversation ----------------------------------------------------------------------------------------------


def test_the_exit_status_says_whether_the_editor_took_leave(small):
    async def scene(editor):
        assert await editor.leave() == 0

    play(small, scene)
    asked = [{"id": 1, "method": "initialize", "params": {"capabilities": {}}}, {"method": "exit"}]
    assert spoken(*asked)[0] == 1
    assert spoken()[0] == 1


def spoken(*messages, raw=b""):
    """The exit status and the answers of a server that was sent some messages."""
    sent = raw
    for message in messages:
        content = json.dumps({"jsonrpc": "2.0", **message}).encode()
        sent += b"Content-Length: %d\r\n\r\n%b" % (len(content), content)
    done = subprocess.run([sys.executable, "-m", "cxmetrics", "lsp"], cwd=ROOT, input=sent, capture_output=True,
                          timeout=60, check=False)
    assert done.stderr == b""
    answers, rest = [], done.stdout
    while rest:
        header, _, rest = rest.partition(b"\r\n\r\n")
        length = int(header.removeprefix(b"Content-Length: "))
        answers.append(json.loads(rest[:length]))
        rest = rest[length:]
    return done.returncode, answers


BEGIN = {"id": 1, "method": "initialize", "params": {"capabilities": {}}}
END = ({"id": 9, "method": "shutdown"}, {"method": "exit"})


def test_what_comes_before_the_beginning_after_the_end_or_from_nowhere_is_refused():
    status, answers = spoken({"id": 5, "method": "textDocument/hover", "params": {}}, BEGIN,
                             {"id": 6, "method": "no/such", "params": {}}, {"method": "no/such"},
                             {"id": 7, "method": "textDocument/hover", "params": {"textDocument": 5}},
                             {"id": 9, "method": "shutdown"}, {"id": 10, "method": "textDocument/hover"},
                             {"method": "exit"})
    codes = {answer["id"]: answer.get("error", {}).get("code") for answer in answers if "id" in answer}
    assert status == 0
    assert codes == {5: -32002, 1: None, 6: -32601, 7: -32602, 9: None, 10: -32600}


def test_garbled_messages_are_answered_and_passed_over():
    raw = b"Content-Length: 3\r\n\r\n{{{Content-Length: 100002\r\n\r\n" + b"[" * 100_002 + b"Nonsense: 1\r\n\r\n"
    status, answers = spoken(BEGIN, *END, raw=raw)
    assert status == 0
    assert [answer.get("error", {}).get("code") for answer in answers] == [-32700] * 3 + [None] * 2


def test_a_question_that_was_taken_back_is_not_answered():
    many = [{"id": number, "method": "workspace/symbol", "params": {"query": ""}} for number in range(20, 40)]
    cancels = [{"method": "$/cancelRequest", "params": {"id": number}} for number in range(20, 40)]
    status, answers = spoken(BEGIN, *many, *cancels, *END)
    told = {answer["id"]: answer.get("error", {}).get("code") for answer in answers if answer.get("id", 0) >= 20}
    assert status == 0
    assert len(told) == 20
    assert set(told.values()) <= {None, -32800}


def test_questions_of_files_of_no_project_have_no_answer(small):
    async def scene(editor):
        other = lsp.TextDocumentIdentifier("untitled:one.yaml")
        with pytest.raises(JsonRpcException):
            await editor.client.protocol.send_request_async("no/such", {})
        assert await editor.client.text_document_hover_async(lsp.HoverParams(other, lsp.Position(0, 0))) is None

    play(small, scene)


def test_an_editor_that_is_gone_leaves_no_server_behind(small):
    sent = json.dumps({"jsonrpc": "2.0", **BEGIN, "params": {"capabilities": {}, "rootUri": small.as_uri()}}).encode()
    with subprocess.Popen([sys.executable, "-m", "cxmetrics", "lsp"], cwd=ROOT, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as server:
        server.stdout.close()
        server.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(sent), sent))
        server.stdin.flush()
        assert server.wait(20) == 1
        assert server.stderr.read() == b""


def test_of_many_changes_at_once_the_last_counts(small):
    async def scene(editor):
        editor.open("cxmetrics.yaml")
        assert await editor.found("cxmetrics.yaml") == []
        for number in range(100):
            editor.write("cxmetrics.yaml", SMALL.replace("p95", f"p{number:02}x"))
        (found,) = await editor.found("cxmetrics.yaml", ["CX204"])
        assert "`p99x`" in found.message
        assert len(editor.published[editor.uri("cxmetrics.yaml")]) < 100

    play(small, scene)
