"""The sample bank: the same bytes from the same seed, the size asked for, and every planted thing to be found."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
import re
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from banks import local_day, share, table, told_of

from cxmetrics.compile import compile_project
from cxmetrics.sample.bank import write_bank

ROWS = 20_000
RETAIL_BANK = Path(__file__).parents[2] / "definitions" / "retail_bank"


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bank")
    write_bank(folder, rows=ROWS)
    return folder


@pytest.fixture(scope="module")
def truth(bank: Path) -> dict[str, Any]:
    return told_of(bank)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("large")
    write_bank(folder, rows=200_000)
    return folder


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def on(column: str, incident: dict[str, Any]) -> pl.Expr:
    day = local_day(column)
    first, last = (dt.date.fromisoformat(incident[key]) for key in ("first_day", "last_day"))
    return day.is_between(first, last)


def incident(truth: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(item for item in truth["incidents"] if item["name"] == name)
    return found


def test_same_seed_gives_same_bytes(bank: Path, tmp_path: Path) -> None:
    write_bank(tmp_path, rows=ROWS)
    assert digests(tmp_path) == digests(bank)


def test_other_seed_gives_other_rows(bank: Path, tmp_path: Path) -> None:
    write_bank(tmp_path, rows=ROWS, seed=7)
    ours, others = digests(bank), digests(tmp_path)
    assert ours.keys() == others.keys()
    same = {path for path in ours if ours[path] == others[path]}
    assert all(path.endswith("branches.csv") or "customer_day" in path or "registers/" in path for path in same)


def test_rows_are_as_many_as_said(bank: Path, truth: dict[str, Any]) -> None:
    counted = {
        name: len(pl.read_csv(bank / "data" / "branches.csv")) if name == "branches"
        else len(pl.read_parquet(bank / "data" / f"{name}.parquet")) if name.startswith("registers/")
        else len(table(bank, name))
        for name in truth["rows"]
    }
    assert counted == truth["rows"]
    assert 0.8 * ROWS < sum(counted.values()) < 1.4 * ROWS
    assert max(counted, key=lambda name: counted[name]) == "event"


def test_the_page_tells_of_every_table_and_column(bank: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "bank.md").read_text(encoding="utf-8")
    told = {name: set(re.findall("`(.+?)`", columns))
            for name, columns in re.findall(r"^\*\*`(.+?)`\*\* .+?\n\n(.+?)\n\n", page, re.DOTALL | re.MULTILINE)}
    data = bank / "data"
    folders = {path.relative_to(data).parts[0] for path in data.rglob("*/*.*")} - {"registers"}
    written = {f"{name}/": set(table(bank, name).columns) for name in folders}
    for path in (data / "registers").iterdir():
        written[f"registers/{path.name}"] = set(pl.read_parquet_schema(path))
    assert told == {**written, "branches.csv": set(pl.read_csv(data / "branches.csv").columns)}


def test_who_logged_in_is_known_by_the_login(bank: Path) -> None:
    event = table(bank, "event").filter(~pl.col("customer_key").str.starts_with("monitor"))
    before = pl.col("event_name").is_in(["app_start", "login"])
    assert event.filter(before)["login_key"].null_count() == len(event.filter(before))
    assert event.filter(~before & (pl.col("login_key") != pl.col("customer_key")).fill_null(True)).is_empty()
    phones = event.group_by("customer_key").agg(pl.col("anonymous_id").n_unique())
    assert phones["anonymous_id"].max() == 1
    assert not set(event["anonymous_id"]) & set(event["customer_key"])


def test_progress_reaches_its_end(tmp_path: Path) -> None:
    heard: list[tuple[str, int, int]] = []
    write_bank(tmp_path, rows=2_000, days=10, progress=lambda *step: heard.append(step))
    assert [done for _, done, _ in heard] == list(range(1, len(heard) + 1))
    assert {total for _, _, total in heard} == {len(heard)}


@pytest.mark.parametrize(("rows", "days"), [(10, 92), (20_000, 0)])
def test_too_small_a_bank_is_refused(tmp_path: Path, rows: int, days: int) -> None:
    with pytest.raises(ValueError, match="needs 1000 to"):
        write_bank(tmp_path, rows=rows, days=days)


def test_every_time_lies_in_the_window(bank: Path) -> None:
    first = dt.datetime(2026, 6, 30, 16, tzinfo=dt.UTC)
    for name, column in (("event", "event_time"), ("survey_answer", "submitted_at"), ("branch_ticket", "taken_at")):
        times = table(bank, name)[column]
        assert times.min() >= first  # type: ignore[operator]
        assert times.max() < first + dt.timedelta(days=92)  # type: ignore[operator]


def test_bad_release_crashes(large: Path, truth: dict[str, Any]) -> None:
    stability = table(large, "app_stability")
    bad = (pl.col("app_version") == "8.2.0") & (pl.col("os") == "android")
    struck = stability.filter(on("ts", incident(truth, "bad_release")) & bad)
    assert len(struck) > 100
    assert share(struck, pl.col("crash")) > 5 * share(stability.filter(~bad), pl.col("crash"))


def test_slow_api_is_slow(large: Path, truth: dict[str, Any]) -> None:
    transfers = table(large, "api_txn_log").filter(pl.col("biz_code") == "transfer", pl.col("latency_ms").is_finite())
    struck = on("start_ts", incident(truth, "slow_api"))
    medians = [transfers.filter(rows).select(pl.median("latency_ms")).item() for rows in (struck, ~struck)]
    assert 3.3 < medians[0] / medians[1] < 5.0


def test_queueing_branch_queues(large: Path, truth: dict[str, Any]) -> None:
    told = incident(truth, "queueing_branch")
    ticket = table(large, "branch_ticket").filter(pl.col("branch_id") == told["where"]["branch"])
    wait = (pl.col("called_at") - pl.col("taken_at")).dt.total_seconds()
    struck = on("taken_at", told)
    medians = [float(ticket.filter(rows).select(wait.median()).item()) for rows in (struck, ~struck)]
    assert medians[0] > 2 * medians[1]


def test_error_storm_rages(large: Path, truth: dict[str, Any]) -> None:
    told = incident(truth, "error_storm")
    payments = table(large, "api_txn_log").filter(pl.col("biz_code") == "qr_pay")
    storm = pl.col("error_code") == told["where"]["error_code"]
    struck = payments.filter(on("start_ts", told)).fill_null("")
    assert abs(share(struck, storm) - told["effects"]["tech_fail_rate"]) < 0.12
    assert payments.filter(~on("start_ts", told) & storm).is_empty()


def test_a_slow_line_is_found_by_its_medians(large: Path, truth: dict[str, Any]) -> None:
    """A median of n lognormals of spread 0.4 has a standard error of 0.4 sqrt(pi / 2n) of itself.

    The days of the slow interface, a twentieth of a quarter of all checks, move medians by less than 0.02.
    """
    planted = truth["slow_line"]
    found = duckdb.sql(f"""
        select region, isp, median(ln(total_ms)), count(*), stddev(ln(total_ms))
        from read_parquet('{large}/data/probe_result/*.parquet') group by all""").fetchall()
    usual = math.log(620)
    for region, isp, middle, n, spread in found:
        times = planted["total_ms_times"] if (region, isp) == (planted["region"], planted["isp"]) else 1.0
        assert abs(middle - usual - math.log(times)) < 4 * spread * math.sqrt(math.pi / 2 / n) + 0.02, (region, isp)
    assert len(found) == 8 * 3


def test_an_experiment_is_found_by_its_groups(large: Path, truth: dict[str, Any]) -> None:
    """Of 1 + Poisson(3.4) screens a part of exp(-3.4) has one alone, and keeps it; no other event has a difference."""
    planted = truth["experiment"]
    found = duckdb.sql(f"""
        select event_name, avg(screens) filter (ab_group = 'a') - avg(screens) filter (ab_group = 'b'),
               sqrt(var_samp(screens) filter (ab_group = 'a') / count(*) filter (ab_group = 'a')
                    + var_samp(screens) filter (ab_group = 'b') / count(*) filter (ab_group = 'b'))
        from read_parquet('{large}/data/event/*.parquet') group by event_name having count(*) > 500""").fetchall()
    saved = planted["screens_fewer"] * (1 - math.exp(-3.4))
    for event, fewer, error in found:
        assert abs(fewer - (saved if event == planted["event_name"] else 0.0)) < 4 * error, event
    assert planted["ab_group"] == "b"
    assert planted["event_name"] in {event for event, _, _ in found}


def test_experience_drives_recommendation(large: Path, truth: dict[str, Any]) -> None:
    answers = table(large, "survey_answer").filter(pl.col("score") <= 10, "is_complete", ~pl.col("is_test"))
    asked = (pl.col("touchpoint") == "relationship") | pl.col("touchpoint").str.starts_with("journey.")
    wide = (
        answers.filter(asked & (pl.col("question") != "overall"))
        .pivot(on="touchpoint", index="response_id", values="score", aggregate_function="first")
        .drop_nulls()
    )
    drivers = truth["recommendation"]["drivers"]
    correlations = [
        float(wide.select(pl.corr("relationship", f"journey.{journey}")).item()) for journey in drivers
    ]
    by_effect = [found for _, found in sorted(zip(drivers.values(), correlations, strict=True))]
    assert min(by_effect) > 0
    assert sum(by_effect[4:]) > sum(by_effect[:4])


def test_the_pyramid_compiles_over_these_tables(bank: Path) -> None:
    compiled = compile_project(RETAIL_BANK)
    assert compiled.diagnostics == ()
    levels = [indicator.level for indicator in compiled.pyramid.indicators.values()]
    assert (levels.count("north_star"), levels.count("journey")) == (3, 16)
    assert levels.count("touchpoint") >= 60
    assert levels.count(None) >= 118
    for source in compiled.pyramid.sources.values():
        files = sorted(bank.glob(source.read))
        assert files, source.read
        wanted = {column.physical for column in source.columns.values()
                  if column.formula is None and column.lookup is None}
        dimensions = {"region", "branch", "segment", "channel"}
        folder = str(files[0].parent.relative_to(bank / "data"))
        assert wanted - dimensions <= set(table(bank, folder).columns)


def test_recommendation_drives_assets_as_far_as_is_said(large: Path, truth: dict[str, Any]) -> None:
    """Least squares of a month's growth on the last answer finds the planted slope within four standard errors."""
    panel = table(large, "o_customer_month").drop_nulls("last_nps")
    planted = truth["aum_growth"]
    points = pl.col("last_nps") - planted["middle"]
    slope = panel.select(pl.cov("last_nps", "aum_growth") / pl.var("last_nps")).item()
    spread = panel.select(pl.std("last_nps")).item()
    level = panel.select((pl.col("aum_growth") - planted["for_one_point"] * points).mean()).item()
    error = 0.02 / len(panel) ** 0.5  # the luck of a month is drawn with a standard deviation of 0.02
    assert abs(slope - planted["for_one_point"]) < 4 * error / spread
    assert abs(level - planted["at_middle"]) < 4 * error


def test_registers_hold_for_one_time_each(bank: Path) -> None:
    for name, key in (("org", "branch"), ("employee", "employee")):
        frame = pl.read_parquet(bank / "data" / "registers" / f"{name}.parquet").sort(key, "valid_from")
        before = pl.col("valid_until").shift(1).over(key)
        assert frame.filter(before.is_not_null() & (pl.col("valid_from") != before + pl.duration(days=1))).is_empty()
        assert frame.filter(pl.col("valid_until").is_null())[key].is_unique().all()
        assert len(frame) > frame[key].n_unique()


def test_responses_are_those_that_answers_belong_to(bank: Path, truth: dict[str, Any]) -> None:
    answers, responses = table(bank, "survey_answer"), table(bank, "survey_response")
    assert set(answers["response_id"]) == set(responses["response_id"])
    flaws = ["is_complete", "is_test"]
    joined = answers.join(responses, on="response_id", suffix="_whole")
    assert joined.filter(pl.any_horizontal(pl.col(name) != pl.col(f"{name}_whole") for name in flaws)).is_empty()
    assert truth["dirt"]["survey_response"]["speeding"] > 0
    visits = table(bank, "mystery_visit")
    assert set(visits["visit_id"]) == set(table(bank, "mystery_item")["visit_id"])
