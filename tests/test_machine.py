"""Runs as schedulers make them: signals, logs, metrics, one day at a time; and the examples of how to set them up."""

import ast
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import yaml
from shop import day, go, opened, put

from cxmetrics.cli.command import status_of
from cxmetrics.store import Store

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
SAMPLE = re.compile(r'cxmetrics_[a-z_]+\{[a-z]+="(?:[^"\\]|\\.)*"(?:,[a-z]+="(?:[^"\\]|\\.)*")*\} -?[0-9.e+-]+')


@pytest.fixture
def root(tmp_path, monkeypatch):
    (tmp_path / "bank").mkdir()
    monkeypatch.chdir(opened(tmp_path / "bank"))
    return tmp_path / "bank"


# --- signals -----------------------------------------------------------------------------------------------------


def started(root, scratch):
    """A run that is at work: it holds the lock."""
    for number in range(200):
        put(root, f"visits-{number:03}", "day,region,spent", *[f"2026-03-{number % 28 + 1:02},east,1"] * 2000)
    process = subprocess.Popen([sys.executable, "-m", "cxmetrics", "run", "--full"], cwd=root, text=True,
                               stderr=subprocess.PIPE, stdout=subprocess.PIPE,
                               env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(scratch)})
    until = time.monotonic() + 60
    while not (root / "store/lock.json").exists() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    return process


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_a_run_that_is_told_to_stop_stops_cleanly(root, tmp_path, number, status):
    go(root)
    (tmp_path / "scratch").mkdir()
    process = started(root, tmp_path / "scratch")
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert "Traceback" not in said
    if process.returncode == 0:
        pytest.skip("it was faster than the signal")
    assert process.returncode == status
    assert not (root / "store/lock.json").exists()
    assert list((tmp_path / "scratch").iterdir()) == []
    with Store.open(root / "store") as store:
        assert store.run_count() == 1
    assert [one.code.id for one in go(root).diagnostics] == []


def test_after_a_run_that_was_killed_the_next_one_says_so(root, tmp_path, capsys):
    process = started(root, tmp_path)
    process.kill()
    process.communicate(timeout=60)
    if not (root / "store/lock.json").exists():
        pytest.skip("it was faster than the signal")
    assert status_of(["run"]) == 0
    told = capsys.readouterr().err
    assert "CX724" in told
    assert "--memory" in told  # a program that the system kills for want of memory cannot say so itself
    assert f"pid {process.pid}" in told
    assert not (root / "store/lock.json").exists()


# --- what a run says ---------------------------------------------------------------------------------------------


def test_a_log_of_json(root, capsys):
    assert status_of(["run", "--log", "json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["event"] for line in lines] == ["bind", "scan", "scan", "evaluate", "commit", "run"]
    assert [line.get("source") for line in lines[1:3]] == ["calls", "visits"]
    assert lines[-1]["committed"]
    (root / "data/calls-2.csv").write_text("")
    assert status_of(["run", "--log", "json"]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["event"], line["level"]) for line in lines[-2:]] == [("finding", "error"), ("run", "error")]
    assert lines[-2]["code"] == "CX710"
    assert status_of(["run", "--strict", "--log", "json"]) == 1
    assert json.loads(capsys.readouterr().err.splitlines()[-1])["committed"] is False


def metrics(path):
    """The samples of a file, which has nothing else but comments."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("# ")]
    assert all(SAMPLE.fullmatch(line) for line in lines)
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_metrics_for_prometheus(root):
    put(root, "visits-1", "day,region,spent", "2026-03-02,east,5", "2026-03-02,west,many")
    assert status_of(["run", "--prometheus", "run.prom"]) == 0
    found = metrics(root / "run.prom")
    assert found['cxmetrics_run_success{project="shop"}'] == 1
    assert found['cxmetrics_source_rows{project="shop",source="visits",fate="read"}'] == 3
    assert found['cxmetrics_source_rows{project="shop",source="visits",fate="rejected"}'] == 1
    (root / "data/calls-2.csv").write_text("")
    assert status_of(["run", "--prometheus", "run.prom"]) == 1
    found = metrics(root / "run.prom")
    assert found['cxmetrics_run_success{project="shop"}'] == 0
    assert found['cxmetrics_source_ok{project="shop",source="calls"}'] == 0
    assert status_of(["run", "--prometheus", "run.prom", "--strict"]) == 1
    assert metrics(root / "run.prom").keys() == {'cxmetrics_run_success{project="shop"}',
                                                 'cxmetrics_run_timestamp_seconds{project="shop"}'}


@pytest.mark.parametrize("option", ["--prometheus", "--json"])
def test_a_pipe_is_written_to_and_a_link_stays_one(root, option):
    """A file was put in their place, of `/dev/stdout` too where root ran it."""
    os.mkfifo(root / "pipe")
    heard = []
    ear = threading.Thread(target=lambda: heard.append((root / "pipe").read_text()), daemon=True)
    ear.start()
    assert status_of(["run", option, "pipe"]) == 0
    ear.join(30)
    assert "seconds" in heard[0]
    assert stat.S_ISFIFO((root / "pipe").stat().st_mode)
    (root / "elsewhere").mkdir()
    (root / "link").symlink_to("elsewhere/report")
    assert status_of(["run", option, "link"]) == 0
    assert (root / "link").is_symlink()
    assert "seconds" in (root / "elsewhere/report").read_text()


def test_what_a_run_took(root, capsys):
    assert status_of(["run", "--profile", "--json", "run.json"]) == 0
    said, report = capsys.readouterr().err, json.loads((root / "run.json").read_text())
    stages = ["compile", "bind", "scan", "evaluate", "commit"]
    assert list(report["stages"]) == list(report["processor"]) == stages
    assert sum(report["stages"].values()) <= report["seconds"]
    efforts = {one["id"]: one["effort"] for one in report["sources"]}
    own = {name: [path.stat().st_size for path in root.glob(f"data/{name}*")] for name in efforts}
    assert {name: effort["bytes"] for name, effort in efforts.items()} == {name: sum(own[name]) for name in efforts}
    assert sum(effort["states"] for effort in efforts.values()) == report["states"]
    assert max(effort["seconds"] for effort in efforts.values()) <= report["stages"]["scan"]  # two at a time
    total = sum(map(sum, own.values()))
    assert f"2 scans: 5 rows, {total} B, {report['states']} states; compile 0." in said
    assert [line.split()[0] for line in said.splitlines() if re.search(r"\d\.\d{3} +\d+\.\d{3}$", line)] == [
        "compile", "look", "scan", "evaluate", "commit"]
    assert status_of(["--lang", "zh", "run", "--profile"]) == 0
    said = capsys.readouterr().err
    assert "处理器秒" in said
    assert "次扫描" not in said  # nothing was to do: no scan has a line


def test_only_what_is_opened_is_counted(root):
    status_of(["run"])
    put(root, "visits-3", "day,region,spent", "2026-03-10,east,1")
    report = go(root)
    (visits,) = (one for one in report.sources if one.id == "visits")
    sizes = {path.stem: path.stat().st_size for path in root.glob("data/visits-*")}
    assert visits.effort.bytes == sizes["visits-2"] + sizes["visits-3"]  # the day before may reach into the new one


# --- what a run is asked -----------------------------------------------------------------------------------------


def covered(root):
    with Store.open(root / "store") as store:
        return {each for days in store.coverage("visits").values() for each in days}


def test_one_day_is_enough(root):
    assert status_of(["run", "--period", "2026-03-02"]) == 0
    assert covered(root) == {day(2)}
    assert status_of(["run", "--period", "2026-03-11", "--grain", "week"]) == 0  # 9 to 15 March, of which one has rows
    assert covered(root) == {day(2), day(9)}


@pytest.mark.parametrize("wrong", [
    ["--period", "2026-03-02", "--from", "2026-03-02"], ["--grain", "week"], ["--memory", "much"]])
def test_what_does_not_go_together(root, wrong):
    assert status_of(["run", *wrong]) == 2
    assert not (root / "store").exists()


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_memory_is_bounded(root, engine, monkeypatch, capsys):
    for number in range(20):
        rows = [f"2026-03-{number + 1:02},east,{n}" for n in range(5000)]
        put(root, f"visits-{number:02}", "day,region,spent", *rows)
    held = iter([150_000_000, 500_000_000, 510_000_000, 510_000_001])
    monkeypatch.setattr("cxmetrics.run.peak", lambda: next(held))
    asked = ["run", "--memory", "110MB", "--engine", engine]
    assert status_of(asked) == 0
    assert "CX735" not in capsys.readouterr().err  # 400 MB are for the program
    assert status_of([*asked, "--full"]) == 0
    assert "the run held 510 MB of memory, and was asked for 110 MB" in capsys.readouterr().err


# --- the examples ------------------------------------------------------------------------------------------------


def carried_out(command, cwd, **environment):
    """The status of a command of an example, in a shell that finds this cxmetrics."""
    folder = cwd / "bin"
    folder.mkdir(exist_ok=True)
    (folder / "cxmetrics").write_text(f'#!/bin/sh\nexec {sys.executable} -m cxmetrics "$@"\n')
    (folder / "cxmetrics").chmod(0o755)
    return subprocess.run(["/bin/sh", "-c", command], cwd=cwd, check=False, capture_output=True, text=True,
                          env=os.environ | {"PYTHONPATH": str(ROOT), "PATH": f"{folder}:{os.environ['PATH']}",
                                            **environment}).returncode


def test_the_crontab(root):
    lines = [line for line in (EXAMPLES / "crontab").read_text().splitlines() if line and not line.startswith("#")]
    jobs = [line for line in lines if not re.match(r"[A-Z]+=", line)]
    assert len(jobs) == 2
    for job in jobs:
        when, command = re.fullmatch(r"((?:[\d*,/-]+ ){5})(.+)", job).groups()
        assert len(when.split()) == 5
        assert "%" not in command  # which cron takes for the end of a line
        assert carried_out(command, root, HOME=str(root.parent)) == 0
    assert metrics(root / "last-run.prom")['cxmetrics_run_success{project="shop"}'] == 1


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not here")
def test_the_units_of_systemd(tmp_path):
    for name in ("cxmetrics.service", "cxmetrics.timer"):
        shutil.copy(EXAMPLES / name, tmp_path)
    found = subprocess.run(["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))],
                           check=False, capture_output=True, text=True)
    about = [line for line in found.stderr.splitlines() if "cxmetrics" in line]
    assert about == []


def test_the_command_of_the_unit(root):
    command = re.search(r"^ExecStart=/usr/bin/env (.*)$", (EXAMPLES / "cxmetrics.service").read_text(), re.M)[1]
    assert carried_out(command.replace("/srv/bank", str(root)), root) == 0


def test_the_job_of_kubernetes(root):
    job = yaml.safe_load((EXAMPLES / "cronjob.yaml").read_text())
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "CronJob")
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    assert carried_out(" ".join([*container["command"], *container["args"]]), root) == 0
    assert json.loads((root / "last-run.json").read_text())["committed"]


def test_the_dag_of_airflow(root):
    tree = ast.parse((EXAMPLES / "airflow_dag.py").read_text())
    texts = {node.targets[0].id: node.value.value for node in tree.body if isinstance(node, ast.Assign)}
    commands = [eval(compile(ast.Expression(keyword.value), "dag", "eval"), texts)  # of our own file
                for node in ast.walk(tree) if isinstance(node, ast.Call)
                for keyword in node.keywords if keyword.arg == "bash_command"]
    assert len(commands) == 2
    for command in commands:
        filled = command.replace(
            f"{{{{ logical_date.in_timezone('{texts['ZONE']}').subtract(days=1).to_date_string() }}}}", "2026-03-02")
        assert "{{" not in filled
        assert carried_out(filled, root.parent, BANK=str(root)) == 0
    assert covered(root) == {day(2)}
