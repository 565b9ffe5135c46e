"""Branches and managers that move: rows are told of where they belonged on their own day."""

import shutil
from pathlib import Path

import polars as pl
import pytest

from cxmetrics.run import RunOptions, run
from cxmetrics.sample.bank import write_bank
from cxmetrics.store import Store

RETAIL_BANK = Path(__file__).parents[2] / "definitions" / "retail_bank"


@pytest.fixture(scope="module", params=["duckdb", "polars"])
def bank(request, tmp_path_factory):
    root = tmp_path_factory.mktemp("bank")
    shutil.copytree(RETAIL_BANK, root, dirs_exist_ok=True)
    project = root / "cxmetrics.yaml"
    text = project.read_text("utf-8").replace("[day, week, month]", "[month]").replace("min_n: 30", "min_n: 1")
    project.write_text(text, "utf-8")
    write_bank(root, rows=60_000)
    run(root, RunOptions(engine=request.param), lambda *_: None)
    with Store.open(root / "store", writable=False) as store:
        return root / "data", store.values()


def day(column: str) -> pl.Expr:
    return pl.col(column).dt.convert_time_zone("Asia/Shanghai").dt.date()


def told(values: pl.DataFrame, indicator: str, dimension: str) -> dict[tuple[str, str], tuple[int, float]]:
    """By month and slice: rows and value."""
    rows = values.filter(pl.col("indicator") == indicator, pl.col(dimension).is_not_null(),
                         pl.col(dimension) != "(missing)")
    return {(f"{row['period']:%Y-%m}", row[dimension]): (row["n"], row["value"]) for row in rows.iter_rows(named=True)}


def joined(rows: pl.DataFrame, register: pl.DataFrame, on: tuple[str, str], time: str) -> pl.DataFrame:
    """Each row beside the one of the register that holds on its day."""
    until = pl.col("valid_until")
    within = day(time).ge(pl.col("valid_from")) & (until.is_null() | day(time).le(until))
    return rows.join(register, left_on=on[0], right_on=on[1], suffix="_then").filter(within)


def tickets_then(data: Path) -> pl.DataFrame:
    tickets = pl.read_parquet(data / "branch_ticket" / "*.parquet").unique("ticket_id", keep="first")
    tickets = tickets.filter((pl.col("rating") <= 5).fill_null(True))
    return joined(tickets, pl.read_parquet(data / "registers" / "org.parquet"), ("branch_id", "branch"), "taken_at")


def test_waits_are_of_the_district_that_the_branch_was_in(bank):
    data, values = bank
    org = pl.read_parquet(data / "registers" / "org.parquet")
    whole = tickets_then(data).filter(pl.col("called_at").is_not_null())
    long = (pl.col("called_at") - pl.col("taken_at")) >= pl.duration(minutes=10)
    by_hand = whole.group_by(day("taken_at").dt.strftime("%Y-%m").alias("month"), "district").agg(
        pl.len().alias("n"), long.mean().alias("share"))
    wanted = {(row["month"], row["district"]): (row["n"], pytest.approx(row["share"]))
              for row in by_hand.iter_rows(named=True)}
    assert told(values, "wait_over_10", "district") == wanted
    moved = org.filter(pl.len().over("branch") > 1)
    assert len(set(moved["district"]) & {district for _, district in wanted}) > len(moved) // 2


def test_tickets_are_of_the_region_that_the_branch_was_in(bank):
    data, values = bank
    by_hand = tickets_then(data).group_by(day("taken_at").dt.strftime("%Y-%m").alias("month"), "region").agg(
        pl.len().alias("n"), pl.col("abandoned").mean().alias("share"))
    whole = values.filter(pl.col("branch").is_null(), pl.col("district").is_null())
    assert told(whole, "tickets_abandoned", "region") == {
        (row["month"], row["region"]): (row["n"], pytest.approx(row["share"])) for row in by_hand.iter_rows(named=True)}
    of_branch = values.filter(pl.col("branch") == "B034", pl.col("indicator") == "tickets_abandoned")
    regions = {(f"{row['period']:%Y-%m}", row["region"]) for row in of_branch.iter_rows(named=True) if row["n"]}
    assert regions == {("2026-07", "guangzhou"), ("2026-08", "guangzhou"), ("2026-09", "shenzhen")}


def test_who_moves_with_the_branch_is_told_in_every_table(bank):
    data, _ = bank
    for table, key, time in (("survey_answer/nps", "branch", "submitted_at"), ("atm_txn", "branch", "started_at"),
                             ("mystery_item", "branch_id", "visited_at"), ("o_customer_month", "branch", "month")):
        rows = pl.read_parquet(data / table / "*.parquet").filter(pl.col(key) == "B034")
        late = day(time) >= pl.date(2026, 9, 1)
        assert set(rows.filter(~late)["region"]) <= {"guangzhou"}
        assert set(rows.filter(late)["region"]) <= {"shenzhen"}
    days = pl.read_parquet(data / "customer_day" / "*.parquet").group_by(day("as_of").alias("day"), "region").agg(
        pl.sum("active_customers"))
    whole = days.group_by("day").agg(pl.sum("active_customers").alias("whole"))
    parts = days.join(whole, on="day").filter(pl.col("region") == "shenzhen").sort("day")
    share = parts["active_customers"] / parts["whole"]
    assert share[0] == pytest.approx(8 / 60, abs=0.001)
    assert share[-1] == pytest.approx(9 / 60, abs=0.001)


def test_mystery_visits_and_complaints_are_of_the_district_of_their_day(bank):
    data, values = bank
    org = pl.read_parquet(data / "registers" / "org.parquet")
    items = pl.read_parquet(data / "mystery_item" / "*.parquet").filter(~pl.col("na"))
    points = joined(items, org, ("branch_id", "branch"), "visited_at").group_by(
        day("visited_at").dt.strftime("%Y-%m").alias("month"), "district").agg(
        (pl.sum("score") / pl.sum("max_score")).alias("share"))
    found = {cell: value for cell, (_, value) in told(values, "mystery_score", "district").items()}
    assert found == {(row["month"], row["district"]): pytest.approx(row["share"])
                     for row in points.iter_rows(named=True)}
    complaints = pl.read_parquet(data / "complaint" / "*.parquet").unique(
        "complaint_id", keep="last", maintain_order=True).filter(pl.col("branch_id").is_not_null())
    by_hand = joined(complaints, org, ("branch_id", "branch"), "received_at").group_by(
        day("received_at").dt.strftime("%Y-%m").alias("month"), "district").agg(pl.len().alias("n"))
    assert {cell: n for cell, (n, _) in told(values, "complaint_repeat", "district").items()} == {
        (row["month"], row["district"]): row["n"] for row in by_hand.iter_rows(named=True)}


def test_replies_are_of_the_branch_that_the_manager_was_at(bank):
    data, values = bank
    contacts = pl.read_parquet(data / "rm_contact" / "*.parquet").filter(pl.col("trigger") == "enquiry")
    homes = pl.read_parquet(data / "registers" / "employee.parquet")
    whole = joined(contacts, homes, ("manager", "employee"), "due_from")
    in_time = (pl.col("done_at") - pl.col("due_from")) <= pl.duration(hours=4)
    by_hand = whole.group_by(day("due_from").dt.strftime("%Y-%m").alias("month"), "branch_then").agg(
        pl.len().alias("n"), in_time.mean().alias("share"))
    assert (whole["branch"] != whole["branch_then"]).any()  # customers whose manager has gone to another branch
    assert told(values, "manager_reply", "manager_branch") == {
        (row["month"], row["branch_then"]): (row["n"], pytest.approx(row["share"]))
        for row in by_hand.iter_rows(named=True)}
