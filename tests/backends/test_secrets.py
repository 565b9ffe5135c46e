"""Passwords are in nothing that is said or left behind: neither the one of the environment, nor one in an address."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
import server

from cxmetrics.cli.command import status_of

pytestmark = pytest.mark.skipif(server.missing() is not None, reason=str(server.missing()))
ROOT = Path(__file__).resolve().parents[2]
WRITTEN = "hunter2-written"

PROJECT = """
project: shop
grains: [day]
dimensions: {region: {}}
sources:
  visits: {read: "%s", table: visits, time: day, columns: {spent: number}}
indicators:
  visited: {formula: count(visits)}
  spent: {formula: sum(visits.spent)}
"""


@pytest.fixture(scope="module")
def bank():
    with server.running() as running:
        running.do("CREATE TABLE visits (day date, region text, spent float8)",
                   "INSERT INTO visits SELECT '2026-01-01'::date + n % 60, 'r' || n % 300, n FROM "
                   "generate_series(1, 20000) AS n")
        yield running


@pytest.fixture
def root(bank, tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("PGPASSWORD", server.PASSWORD)
    monkeypatch.setenv("CXMETRICS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/cxmetrics.yaml").write_text(PROJECT % bank.address())
    return tmp_path / "shop"


def said(capfd, *words: str) -> tuple[int, str]:
    capfd.readouterr()
    status = status_of(words)
    return status, "".join(capfd.readouterr())


def holding(folder: Path, secret: str) -> list[str]:
    """The files under a folder that hold a text, in UTF-8."""
    return [str(path) for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


def test_the_password_of_the_environment(root, bank, capfd, monkeypatch):
    out = root.parent / "out"
    out.mkdir()
    shop = str(root)
    calls = [("run", shop, "--json", str(out / "a.json"), "--prometheus", str(out / "a.prom")),
             ("run", shop, "--full", "--log", "json"), ("query", shop, "visited"), ("store", "log", shop),
             ("store", "export", str(out / "x.duckdb"), "--project", shop), ("check", shop),
             ("store", "publish", bank.address(), "--project", shop),
             *(("show", "visited", "-p", shop, "--stage", stage)
               for stage in ("documents", "ir", "plan", "fused", "sql", "polars"))]
    for call in calls:
        status, text = said(capfd, *call)
        assert status == 0, text
        assert server.PASSWORD not in text, call
    monkeypatch.setenv("PGPASSWORD", WRITTEN)
    for call in (("run", shop, "--full"), ("run", shop, "--full", "--log", "json", "--json", str(out / "b.json")),
                 ("store", "publish", bank.address(), "--project", shop)):
        status, text = said(capfd, *call)
        assert status == 1
        assert "CX747" in text
        assert WRITTEN not in text
    for secret in (server.PASSWORD, WRITTEN):
        assert holding(root.parent, secret) == []


def test_a_password_in_an_address(root, bank, capfd):
    written = PROJECT % bank.address().replace("bank@", f"bank:{WRITTEN}@")
    (root / "cxmetrics.yaml").write_text(written)
    shop = str(root)
    calls = [("run", shop), ("run", shop, "--log", "json"), ("run", shop, "--json", str(root.parent / "a.json")),
             ("show", "visited", "-p", shop), ("tree", shop), ("test", shop),
             ("show", "visited", "-p", shop, "--stage", "plan"),
             ("store", "publish", bank.address().replace("bank@", f"bank:{WRITTEN}@"), "--project", shop),
             *(("check", shop, "--format", kind)
               for kind in ("text", "concise", "json", "sarif", "github", "gitlab", "junit"))]
    for call in calls:
        status, text = said(capfd, *call)
        assert status == 1, (call, text)
        assert WRITTEN not in text, call
    for stage in ("documents", "syntax", "ir"):
        _, text = said(capfd, "show", "visited", "-p", shop, "--stage", stage)
        assert WRITTEN not in text, stage
    assert holding(root.parent, WRITTEN) == [str(root / "cxmetrics.yaml")]


def test_a_publication_that_is_killed_leaves_one_run_or_the_other(root, bank, capfd):
    import psycopg

    def standing():
        with psycopg.connect(bank.address(), password=server.PASSWORD) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            return connection.execute("SELECT (SELECT number FROM killed.published), count(*), sum(value) "
                                      "FROM killed.values WHERE indicator = 'spent'").fetchone()

    command = ("store", "publish", bank.address(), "--schema", "killed", "--project", str(root))
    assert said(capfd, "run", str(root))[0] == 0
    assert said(capfd, *command)[0] == 0
    before = standing()
    bank.do("UPDATE visits SET spent = spent + 1")
    assert said(capfd, "run", str(root))[0] == 0
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    seen, chance = set(), random.Random(7)
    for _ in range(8):
        process = subprocess.Popen([sys.executable, "-m", "cxmetrics", *command], env=environment,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + chance.uniform(0.3, 2.0)
        while time.monotonic() < end and process.poll() is None:
            seen.add(standing())
        process.kill()
        process.wait()
        seen.add(standing())
    assert said(capfd, *command)[0] == 0
    assert seen <= {before, standing()}
    assert standing()[0] == 2
