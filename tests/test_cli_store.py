"""`cxmetrics store`, as a person and as another tool meet it."""

import json
import resource
from pathlib import Path

import duckdb
import polars as pl
import pytest
from shop import go, opened
from surroundings import called

from cxmetrics.cli.command import status_of


@pytest.fixture
def bank(tmp_path, monkeypatch, capsys):
    """A small project that was run once."""
    monkeypatch.chdir(tmp_path)
    assert status_of(["init"]) == status_of(["run"]) == 0
    capsys.readouterr()
    return tmp_path


def said(capsys, *args, status=0):
    assert status_of(["store", *args]) == status
    return capsys.readouterr()


@pytest.mark.usefixtures("bank")
def test_the_log_lists_the_runs(capsys):
    status_of(["run", "--full", "--engine", "polars"])
    capsys.readouterr()
    runs = json.loads(said(capsys, "log", "--format", "json").out)
    assert [(run["number"], run["engine"], run["first"], run["last"]) for run in runs] == [
        (1, "duckdb", "2026-08-01", "2026-09-30"), (2, "polars", "2026-08-01", "2026-09-30")]
    assert runs[0]["id"] in said(capsys, "log").out


def test_a_flipped_bit_is_found(bank, capsys):
    assert "0 damaged" in said(capsys, "verify").out
    victim = next((bank / "store" / "data").glob("values.*"))
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(content)
    answer = said(capsys, "verify", status=1)
    assert "1 damaged" in answer.out
    assert "CX803" in answer.err


def test_vacuum_keeps_what_the_last_runs_need(bank, capsys):
    table = next((bank / "data").glob("answers*"))
    table.write_text(table.read_text() + table.read_text().splitlines()[-1] + "\n")
    status_of(["run"])
    before = said(capsys, "verify").out
    assert "files deleted: 0" not in said(capsys, "vacuum", "--keep", "1").out
    assert said(capsys, "verify").out != before
    assert status_of(["query", "cxi"]) == 0


@pytest.mark.usefixtures("bank")
@pytest.mark.parametrize("kind", ["duckdb", "csv", "parquet"])
def test_an_export_holds_every_value(capsys, kind):
    said(capsys, "export", "out", "--format", kind)
    match kind:
        case "duckdb":
            with duckdb.connect("out", read_only=True) as made:
                exported = made.execute('SELECT indicator, value FROM "values" WHERE region IS NULL').fetchall()
        case "csv":
            frame = pl.read_csv("out/values.csv")
            exported = frame.filter(pl.col("region").is_null()).select("indicator", "value").rows()
        case _:
            exported = pl.read_parquet("out/values.parquet").filter(
                pl.col("region").is_null()).select("indicator", "value").rows()
    status_of(["query", "cxi", "--grain", "month", "--format", "json"])
    stored = {(row["indicator"], row["value"]) for row in json.loads(capsys.readouterr().out)}
    assert stored <= set(exported)


def test_an_export_overwrites_nothing(bank, capsys):
    (bank / "mine").write_text("precious")
    assert "there already" in said(capsys, "export", "mine", status=1).err
    assert (bank / "mine").read_text() == "precious"


def test_a_store_is_looked_after_while_the_definitions_are_broken(bank, capsys):
    (bank / "indicators.yaml").write_text("indicators: {x: {formula: count(}}")
    assert "0 damaged" in said(capsys, "verify").out


def test_without_a_run_nothing_is_made(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    status_of(["init"])
    assert "CX804" in said(capsys, "vacuum", status=1).err
    assert not (tmp_path / "store").exists()


# --- what a stranger does wrong ----------------------------------------------------------------------------------


@pytest.fixture
def shop(tmp_path, monkeypatch):
    root = opened(tmp_path)
    monkeypatch.chdir(root)
    go(root)
    return root


def test_a_run_is_named_by_its_id_or_number(shop, capsys):
    for name in ("1", "00001", go(shop).run):
        assert status_of(["replay", name]) == 0
        assert status_of(["store", "restatements", "--run", name]) == 0
    for name in ("2", "nobody", "1" * 30):
        capsys.readouterr()
        assert status_of(["store", "restatements", "--run", name]) == 1
        assert "CX752" in capsys.readouterr().err
        assert status_of(["replay", name]) == 1


def test_a_run_sees_that_files_are_gone_though_it_has_nothing_to_do(shop, capsys):
    victim = max((shop / "store/data").glob("values*"))
    content = victim.read_bytes()
    for damage in (victim.unlink, lambda: victim.write_bytes(content[:100])):
        damage()
        capsys.readouterr()
        assert status_of(["run"]) == 1
        told = capsys.readouterr().err
        assert "CX803" in told
        assert "cxmetrics run --full" in told
    assert status_of(["run", "--full"]) == status_of(["run"]) == 0
    capsys.readouterr()
    assert status_of(["store", "verify"]) == 1  # the file that was, and is no longer needed
    assert "cxmetrics store vacuum --keep 1" in capsys.readouterr().err
    assert status_of(["store", "vacuum", "--keep", "1"]) == status_of(["store", "verify"]) == 0


@pytest.mark.parametrize("lose", [Path.unlink, lambda path: path.write_bytes(b"")])
def test_a_store_that_lost_its_ledger_does_not_begin_anew(shop, capsys, lose):
    """For what was frozen, restated and known would be forgotten without a word."""
    for side in ("-wal", "-shm"):
        (shop / f"store/ledger.sqlite{side}").unlink(missing_ok=True)
    lose(shop / "store/ledger.sqlite")
    held = sorted(path.name for path in (shop / "store/data").iterdir())
    for verb in (["run"], ["run", "--full"], ["store", "verify"], ["query", "visited"]):
        capsys.readouterr()
        assert status_of(verb) == 1
        told = capsys.readouterr().err
        assert "CX803" in told
        assert "restore it from a copy" in told
    assert sorted(path.name for path in (shop / "store/data").iterdir()) == held


@pytest.mark.usefixtures("shop")
def test_an_export_to_a_folder_that_is_not_there(capsys):
    assert status_of(["store", "export", "nowhere/out.duckdb"]) == 2
    assert capsys.readouterr().err == "error: there is no folder nowhere; nothing was written\n"


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("target", ["store/out.duckdb", "store", "store/data/out"])
def test_an_export_into_the_store_is_refused(capsys, target):
    assert status_of(["store", "export", target]) == 1
    assert "nothing was written" in capsys.readouterr().err


@pytest.mark.usefixtures("bank")
@pytest.mark.parametrize("kind", ["duckdb", "csv"])
def test_an_export_that_finds_no_room_is_a_fault_of_the_machine(kind):
    done = called("store", "export", "out", "--format", kind,
                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000)))
    assert done.returncode == 2
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == ["error"]
    assert not Path("out").exists()


@pytest.mark.usefixtures("bank")
@pytest.mark.parametrize("sign", ["?", "\\"])
def test_an_export_below_a_folder_that_duckdb_takes_for_something_else(capsys, sign):
    Path(f"what{sign}").mkdir()
    told = said(capsys, "export", f"what{sign}/out", status=2).err
    assert f"a folder with `{sign}` in its name: what{sign}; nothing was written" in told
    said(capsys, "export", f"what{sign}/out", "--format", "csv")
    said(capsys, "export", f"out{sign}")


def test_damage_is_told_from_where_one_stands(bank, capsys):
    victim = next((bank / "store" / "data").glob("values.*"))
    victim.write_bytes(victim.read_bytes()[:-1])
    assert f"`store/data/{victim.name}`" in said(capsys, "verify", status=1).err
