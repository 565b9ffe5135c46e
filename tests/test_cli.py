"""The command line as a person or a program meets it.

`cases/cli/*.md`: blocks of the language `console` hold commands, each with what it says: standard output, then
standard error, then its exit status in brackets unless that is 0.  Times and ids of runs are masked.  Other blocks
with a name (`yaml broken.yaml`) are files, written before the commands that follow.  `--accept` refills the blocks.
"""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from surroundings import called

from cxmetrics import __version__
from cxmetrics.cli.command import status_of
from cxmetrics.cli.verbs.init import PACKS

FOLDER = Path(__file__).parent / "cases" / "cli"
ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"^```(?P<kind>console|\w+ \S+)\n(?P<text>.*?)^```$", re.M | re.S)
MASKS = ((re.compile(r"(?<![0-9a-f])(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{16}(?![0-9a-f])"), "FINGERPRINT"),
         (re.compile(r"\b\d{5}-[0-9a-f]{12}\b"), "RUN"), (re.compile(r"\b\d+\.\d (s\b|秒)"), r"0.0 \1"),
         (re.compile(r'"\d{4}-\d\d-\d\dT[\d:.]+Z?"'), '"TIME"'))
HEAVY = {"polars", "duckdb", "numpy", "scipy", "rich"}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.md")), ids=lambda path: path.stem)
def test_case(path, tmp_path, monkeypatch, capsys, accept):
    monkeypatch.chdir(tmp_path)
    text = path.read_text(encoding="utf-8")
    told = BLOCK.sub(lambda block: _played(block, capsys), text)
    if accept and told != text:
        path.write_text(told, encoding="utf-8")
    assert told == text or accept


def _played(block, capsys):
    kind, text = block["kind"], block["text"]
    if kind != "console":
        path = Path(kind.partition(" ")[2])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return block[0]
    commands = [line for line in text.splitlines() if line.startswith("$ ")]
    return f"```console\n{''.join(said(command, capsys) for command in commands)}```"


def said(command, capsys):
    """A command and what comes of it."""
    name, *args = shlex.split(command.removeprefix("$ "))
    assert name == "cxmetrics"
    status = status_of(args)
    out, err = capsys.readouterr()
    told = f"{command}\n{out}{err}" + (f"[{status}]\n" if status else "")
    for pattern, mask in MASKS:
        told = pattern.sub(mask, told)
    return told


# --- what is not imported -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("args", [["check", "definitions/retail_bank"], ["--help"], ["explain", "CX201"]])
def test_what_needs_no_engine_waits_for_none(args):
    code = f"""if True:
        import sys
        from cxmetrics.cli.command import status_of
        status_of({args!r})
        print("imported:", *sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr)"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "imported:"


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("pack", [None, *PACKS])
def test_what_init_writes_is_laid_out_and_asks_for_nothing(pack, language, tmp_path, capsys):
    folder = str(tmp_path / "bank")
    assert status_of(["--lang", language, "init", folder, *(["--pack", pack] if pack else [])]) == 0
    assert status_of(["fmt", "--check", folder]) == 0
    assert status_of(["check", "--strict", folder]) == 0
    assert capsys.readouterr().out == ""


# --- streams ------------------------------------------------------------------------------------------------------


def test_the_table_of_a_query_is_data_and_nothing_else_is(bank):
    done = called("query", "cxi", "--format", "json", cwd=bank)
    assert done.returncode == 0
    assert done.stderr == ""
    rows = json.loads(done.stdout)
    assert [row["period"] for row in rows] == ["2026-08-01", "2026-09-01"]
    assert rows[0]["change"] is None
    assert {"indicator", "grain", "value", "unit", "n", "status", "definition"} <= rows[0].keys()


def test_numbers_of_json_and_csv_read_back_equal(bank, monkeypatch, capsys):
    from cxmetrics.query import query

    monkeypatch.chdir(bank)
    expected = query(bank, ["transfer_success"], by=["region"])["value"].to_list()
    assert status_of(["query", "transfer_success", "--by", "region", "--format", "json"]) == 0
    assert [row["value"] for row in json.loads(capsys.readouterr().out)] == expected
    assert status_of(["query", "transfer_success", "--by", "region", "--format", "csv"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    at = head.split(",").index("value")
    assert [float(line.split(",")[at]) for line in lines] == expected


def test_a_project_may_come_first(bank, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert status_of(["query", str(bank), "cxi", "--format", "csv"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3
    assert status_of(["query", str(bank)]) == 2


def test_output_is_utf8_where_nobody_looks(bank):
    done = called("tree", "--lang", "zh", cwd=bank, env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert "客户体验指数" in done.stdout
    assert "└─" in done.stdout


@pytest.mark.parametrize(("given", "words", "found"), [
    (None, ["--version"], "dirty_decay_ms:10000"), ("dirty_decay_ms:0", ["--version"], "dirty_decay_ms:0"),
    (None, ["run", "--memory", "1GB", "--help"], "dirty_decay_ms:100"),
    (None, ["run", "--memory=1GB", "--help"], "dirty_decay_ms:100"),
    ("dirty_decay_ms:0", ["run", "--memory", "1GB", "--help"], "dirty_decay_ms:0")])
def test_what_polars_does_with_memory_is_said_before_it_is_imported(given, words, found):
    """Unless whoever calls has said it: polars adds what it finds to its own, and what comes last holds."""
    said = (f"import os, sys; os._exit = lambda status: None; sys.argv = {['cxmetrics', *words]}; "
            "from cxmetrics.cli import main; main(); assert 'polars' not in sys.modules; import polars; "
            "print(os.environ['_RJEM_MALLOC_CONF'])")
    environment = {key: value for key, value in os.environ.items() if key != "_RJEM_MALLOC_CONF"}
    environment |= {"PYTHONPATH": str(ROOT)} | ({} if given is None else {"_RJEM_MALLOC_CONF": given})
    done = subprocess.run([sys.executable, "-c", said], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1].endswith("," + found)


def on_terminal(args, cwd, env=(), size=(40, 120)):
    """A call on a terminal, and what it showed there."""
    import fcntl
    import struct
    import termios

    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color", **dict(env)}
    environment.pop("COLUMNS", None)
    process = subprocess.Popen([sys.executable, "-m", "cxmetrics", *args], stdin=child, stdout=child, stderr=child,
                               cwd=cwd, env=environment)
    os.close(child)
    shown = b""
    while True:
        try:
            part = os.read(parent, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(parent)
    return process.wait(), shown.decode()


def test_a_terminal_gets_colours(bank):
    status, shown = on_terminal(["tree"], bank)
    assert status == 0
    assert "\x1b[33m" in shown


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colours_are_given_up_on_request(bank, env):
    _, shown = on_terminal(["tree"], bank, env)
    assert "\x1b[" not in shown


def test_a_pipe_gets_no_colours(bank):
    assert "\x1b" not in called("tree", cwd=bank).stdout


def test_the_tree_fits_a_narrow_terminal(bank):
    _, shown = on_terminal(["tree"], bank, {"NO_COLOR": "1"}, size=(40, 60))
    assert max(len(line) for line in shown.splitlines()) <= 60


def test_a_bar_is_drawn_on_a_terminal_and_wiped(bank):
    _, shown = on_terminal(["run", "--full"], bank)
    assert "\x1b[?25l" in shown
    assert "scan" in shown
    assert "RUN" not in called("run", cwd=bank).stderr


# --- exit status --------------------------------------------------------------------------------------------------


def test_the_report_of_a_run_is_json(bank, tmp_path):
    into = tmp_path / "report.json"
    assert called("run", "--full", "--json", str(into), cwd=bank).returncode == 0
    report = json.loads(into.read_text(encoding="utf-8"))
    assert report["committed"] is True
    assert {source["id"]: source["read"] for source in report["sources"]} == {"answers": 732, "calls": 3660}


def test_the_report_of_a_run_that_failed_holds_the_findings(bank, tmp_path):
    into = tmp_path / "report.json"
    assert called("run", "--from", "soon", "--json", str(into), cwd=bank).returncode == 1
    report = json.loads(into.read_text(encoding="utf-8"))
    assert report["committed"] is False
    assert [found["code"] for found in report["errors"]] == ["CX717"]


@pytest.mark.parametrize("asked", [("--to", "0001-01-01"), ("--full", "--to", "0001-01-01")])
def test_no_day_is_before_the_first_of_all(bank, asked):
    done = called("run", *asked, cwd=bank)
    assert (done.returncode, "error[CX716]" in done.stderr) == (1, True)


def test_a_dry_run_commits_nothing(tmp_path, capsys):
    folder = tmp_path / "bank"
    assert status_of(["init", str(folder)]) == 0
    assert status_of(["run", str(folder), "--dry-run"]) == 0
    assert "dry run" in capsys.readouterr().err
    assert not list(folder.glob("store/**/*.parquet"))


def test_files_are_named_from_where_one_stands(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert status_of(["init", "bank"]) == 0
    (tmp_path / "bank" / "more.yaml").write_text("indicators:\n  bad: {formula: count(nothing)}\n", encoding="utf-8")
    capsys.readouterr()
    assert status_of(["check", "bank", "--format", "concise"]) == 1
    assert capsys.readouterr().out.startswith("bank/more.yaml:2:")


@pytest.mark.parametrize(("name", "content"), [
    ("calls.csv", b""), ("calls.csv", b"called_on,region\n1\n"), ("calls.csv", b"a,a\n1,1\n"),
    ("calls.csv", b"\xff\xff\xff"), ("calls.parquet", b"PAR1")])
def test_data_files_are_named_from_the_project(tmp_path, monkeypatch, capsys, name, content):
    monkeypatch.chdir(tmp_path)
    assert status_of(["init", "bank"]) == 0
    sources = tmp_path / "bank" / "sources.yaml"
    sources.write_text(sources.read_text(encoding="utf-8").replace("calls.csv", name), encoding="utf-8")
    (tmp_path / "bank" / "data" / name).write_bytes(content)
    capsys.readouterr()
    for asked in (["run", "bank", "--strict"], ["query", "bank", "login_speed"], ["run", "bank"]):
        assert status_of(asked) == 1
        assert f"`data/{name}`" in capsys.readouterr().err


def test_version(capsys):
    assert status_of(["--version"]) == 0
    assert capsys.readouterr().out == f"cxmetrics {__version__}\n"


# --- words and definitions ----------------------------------------------------------------------------------------


def test_all_that_is_said_is_said_in_both_languages():
    from cxmetrics.cli.words import WORDS

    fields = re.compile(r"\{(\w+)\}")
    for key, phrase in WORDS.items():
        assert phrase.en, key
        assert phrase.zh, key
        assert set(fields.findall(phrase.en)) == set(fields.findall(phrase.zh)), key


def test_every_verb_and_option_has_help():
    from cxmetrics.cli.command import command
    from cxmetrics.cli.words import WORDS

    for name, verb in command.commands.items():
        assert f"help.{name}" in WORDS
        for param in verb.params:
            if param.param_type_name == "option" and param.name != "help":
                assert {f"option.{param.name}", f"option.{name}.{param.name}"} & WORDS.keys(), (name, param.name)


@pytest.mark.parametrize(("args", "environ", "language"), [
    ([], {}, "en"), ([], {"LANG": "zh_CN.UTF-8"}, "zh"), ([], {"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
    ([], {"LANG": "en_GB", "CXMETRICS_LANG": "zh"}, "zh"), (["check", "--lang", "en"], {"CXMETRICS_LANG": "zh"}, "en"),
    (["--lang=zh", "check"], {}, "zh"), (["query", "--", "--lang", "zh"], {}, "en")])
def test_which_language(args, environ, language):
    from cxmetrics.cli.session import language_of

    assert language_of(args, environ) == language


def test_the_schema_knows_the_shipped_definitions(capsys):
    assert status_of(["schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert {"sources", "dimensions", "indicators", "project"} <= schema["properties"].keys()


@pytest.mark.parametrize(("count", "told"), [(20, 0), (200, 1)])  # 22³ combinations of classes, and 202³
def test_where_a_run_looks_at_a_sample_first_the_fused_plan_says_so(tmp_path, count, told):
    from cxmetrics.cli.session import Session
    from cxmetrics.cli.stages import staged
    from cxmetrics.compile import compile_project

    lines = "".join(f"  i{n}: {{formula: \"count(e where e.a = '{n}' and e.b = '{n}' and e.c = '{n}')\"}}\n"
                    for n in range(count))
    (tmp_path / "cxmetrics.yaml").write_text(
        "project: p\nsources:\n  e: {read: e.csv, time: t, columns: {a: text, b: text, c: text}}\n"
        f"indicators:\n{lines}")
    compiled = compile_project(tmp_path)
    assert compiled.plan
    shown = staged(compiled, compiled.plan, tmp_path, "i0", "fused", Session("en"))
    assert shown.count("e: a run looks at a sample") == told


@pytest.mark.parametrize("stage", ["documents", "syntax", "ir", "plan", "fused"])
def test_each_stage_of_each_shipped_indicator_can_be_shown(stage):
    from cxmetrics.assets import definitions
    from cxmetrics.cli.session import Session
    from cxmetrics.cli.stages import staged
    from cxmetrics.compile import compile_project

    root = definitions() / "retail_bank"
    compiled = compile_project(root)
    for name in list(compiled.pyramid.indicators)[::9]:
        assert staged(compiled, compiled.plan, root, name, stage, Session("en"))


def test_weights_at_the_roots_add_up():
    from cxmetrics.assets import definitions
    from cxmetrics.cli.branches import branches, weights_at_roots
    from cxmetrics.compile import compile_project

    pyramid = compile_project(definitions() / "retail_bank").pyramid
    leaves = [b for b in branches(pyramid) if b.root == "cxi" and not b.indicator.children and b.at_root is not None]
    assert sum(branch.at_root for branch in leaves) == pytest.approx(1)
    assert weights_at_roots(pyramid, "transfer_technical") == pytest.approx({"cxi": 0.10 * 0.35 * 0.40})


# --- the sample bank ----------------------------------------------------------------------------------------------


def test_the_demo_is_made_run_and_kept(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert status_of(["demo", "--scale", "20k"]) == 0
    out, err = capsys.readouterr()
    assert "Retail customer experience, month 2026-09" in out
    assert "results: demo-bank/store" in err
    assert status_of(["check", "demo-bank"]) == 0
    changed = tmp_path / "demo-bank" / "north_star.yaml"
    changed.write_text(changed.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    capsys.readouterr()
    assert status_of(["demo", "--scale", "20k"]) == 0
    assert "is kept" in capsys.readouterr().err
    assert changed.read_text(encoding="utf-8").endswith("# mine\n")


def test_the_demo_writes_nowhere_else(tmp_path, capsys):
    (tmp_path / "letters.txt").write_text("mine")
    assert status_of(["demo", str(tmp_path)]) == 1
    assert "holds something else" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["letters.txt"]
