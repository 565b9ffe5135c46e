"""The extension for VS Code: under Node, with a stand-in for the editor and the real server; and its file."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import cxmetrics
from cxmetrics.parse import RESERVED
from cxmetrics.units import DURATIONS

ROOT = Path(__file__).resolve().parents[1]
EXTENSION = ROOT / "editors" / "vscode"
PROJECT = """\
project: 小银行
sources: {txn: {read: data/*.csv, time: start, columns: {result: text, ms: {type: number, unit: ms}}}}
indicators:
  转账成功: {title: 转账😀, formula: share(txn.result = 'success'), score: {0: 0%, 100: 100%}}
  speed: {formula: p95(txn.ms), score: {0: 9 s, 100: 1 s}}
  both: {children: [转账成功, speed]}
  never: {formula: 2 * speed}
"""


def played(folder, command):
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no Node")
    done = subprocess.run([node, ROOT / "tests" / "vscode_stand_in.js", EXTENSION / "extension.js", folder, command],
                          capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def command(tmp_path):
    """The command as a script: an editor starts one program."""
    if os.name == "nt":
        pytest.skip("a shell script")
    script = tmp_path / "cxmetrics"
    script.write_text(f'#!/bin/sh\nPYTHONPATH={str(ROOT)!r} exec {sys.executable!r} -m cxmetrics "$@"\n')
    script.chmod(0o755)
    return str(script)


def test_the_editor_shows_what_the_server_says(tmp_path, command):
    folder = tmp_path / "bank"
    folder.mkdir()
    (folder / "cxmetrics.yaml").write_text(PROJECT, "utf-8")
    told = played(folder, command)
    assert told["clean"] == ""
    assert told["messages"] == []
    assert (told["found"]["severity"], told["found"]["source"]) == (0, "cxmetrics")
    assert [action["title"] for action in told["actions"]] == ["Write `share`", "Mend all that can be mended"]
    assert told["actions"][0]["edit"]
    assert "speed" in [item["label"] for item in told["completion"]]
    assert "**speed**" in told["hover"]["contents"]["value"]
    assert [place["range"]["start"]["line"] for place in told["definition"]] == [4]
    assert [place["range"]["start"]["line"] for place in told["references"]] == [4, 5, 6]
    assert len(told["highlights"]) == 3
    assert [symbol["name"] for symbol in told["symbols"]] == ["sources", "indicators"]
    assert [symbol["name"] for symbol in told["workspace"]] == ["speed"]
    assert "ms" in [hint["label"] for hint in told["hints"]]
    assert told["tokens"] > 20
    assert told["formatting"]
    ((_, edits),) = told["renamed"]
    assert {edit["newText"] for edit in edits} == {"pace"}
    assert "`a b`" in told["refused"]
    assert told["nothing"] == "There is nothing to rename here."


def test_a_command_that_is_not_there_is_told(tmp_path):
    (tmp_path / "cxmetrics.yaml").write_text(PROJECT, "utf-8")
    (message,) = played(tmp_path, "no-such-command")["messages"]
    assert "no-such-command" in message


def test_the_extension_is_packed_without_a_network_and_equal_each_time(tmp_path):
    for folder in ("one", "two"):
        subprocess.run([sys.executable, EXTENSION / "pack.py", tmp_path / folder], check=True, capture_output=True)
    (packed,) = (tmp_path / "one").iterdir()
    assert packed.name == f"cxmetrics-{cxmetrics.__version__}.vsix"
    assert packed.read_bytes() == (tmp_path / "two" / packed.name).read_bytes()
    with zipfile.ZipFile(packed) as archive:
        names = set(archive.namelist())
        told = json.loads(archive.read("extension/package.json"))
    assert {"extension.vsixmanifest", "[Content_Types].xml"} <= names
    named = [told["main"], *(grammar["path"] for grammar in told["contributes"]["grammars"])]
    assert {f"extension/{name.removeprefix('./')}" for name in named} <= names
    assert "dependencies" not in told
    wanted = re.findall(r'require\("(.*?)"\)', (EXTENSION / "extension.js").read_text())
    assert set(wanted) == {"vscode", "./client.js"}


def test_the_colours_know_the_words_of_the_grammar():
    grammar = json.loads((EXTENSION / "syntaxes" / "formula.injection.json").read_text("utf-8"))
    rules = {rule.get("name", ""): rule["match"] for rule in grammar["repository"]["formula"]["patterns"]}
    words = set(re.search(r"\(\?:(.*?)\)", rules["keyword.operator.word.cxmetrics"])[1].split("|"))
    assert words == {word.lower() for word in RESERVED} - {"true", "false"} | {"start"}
    units = next(rule["match"] for rule in grammar["repository"]["formula"]["patterns"] if "万" in rule["match"])
    assert all(unit in units for unit in DURATIONS)
