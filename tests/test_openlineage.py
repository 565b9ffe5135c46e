"""The events of OpenLineage: what version 2-0-2 of its schema asks for, and what of the naming rules concerns us."""

import datetime as dt
import json
import uuid
from urllib.parse import urlsplit

import pytest
from shop import PROJECT, opened, put

from cxmetrics.cli import openlineage
from cxmetrics.cli.command import status_of
from cxmetrics.compile import compile_project


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.chdir(opened(tmp_path))
    return tmp_path


# --- what the schema asks for ------------------------------------------------------------------------------------

FACETS = {  # required by the schema of each facet, with their types
    "processing_engine": {"version": str}, "nominalTime": {"nominalStartTime": str}, "cxmetrics_run": {},
    "errorMessage": {"message": str, "programmingLanguage": str},
    "jobType": {"processingType": str, "integration": str}, "inputStatistics": {}, "outputStatistics": {},
}
COUNTS = {"rowCount", "fileCount", "size"}


def prove(event):
    """Hold an event against `RunEvent` of the schema."""
    assert {"eventTime", "producer", "schemaURL", "run", "job"} <= event.keys()
    assert event["eventType"] in {"START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"}
    assert dt.datetime.fromisoformat(event["eventTime"]).tzinfo is not None
    assert event["schemaURL"] == "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
    assert urlsplit(event["producer"]).scheme
    assert str(uuid.UUID(event["run"]["runId"])) == event["run"]["runId"]
    assert all(event["job"][name] and isinstance(event["job"][name], str) for name in ("namespace", "name"))
    for facets in (event["run"]["facets"], event["job"]["facets"]):
        prove_facets(facets)
    for side, own in (("inputs", "inputFacets"), ("outputs", "outputFacets")):
        for dataset in event[side]:
            assert dataset.keys() == {"namespace", "name", "facets", own}
            prove_facets(dataset[own])


def prove_facets(facets):
    for name, facet in facets.items():
        assert facet["_producer"]
        parts = urlsplit(facet["_schemaURL"])
        assert (parts.scheme, parts.netloc) == ("https", "openlineage.io")
        for key, kind in FACETS[name].items():
            assert isinstance(facet[key], kind)
        assert all(isinstance(facet[key], int) for key in COUNTS & facet.keys())
    if "nominalTime" in facets:
        assert dt.datetime.fromisoformat(facets["nominalTime"]["nominalStartTime"]).tzinfo is not None


def events(root, *args, status=0):
    """The events that a run adds."""
    path = root / "lineage.jsonl"
    before = len(path.read_text().splitlines()) if path.exists() else 0
    assert status_of(["run", "--openlineage", "lineage.jsonl", *args]) == status
    found = [json.loads(line) for line in path.read_text().splitlines()[before:]]
    for event in found:
        prove(event)
    assert len({event["run"]["runId"] for event in found}) == 1
    return found


# --- what is told ------------------------------------------------------------------------------------------------


def test_a_run_that_ends_well(root):
    start, end = events(root)
    assert [start["eventType"], end["eventType"]] == ["START", "COMPLETE"]
    assert end["run"]["facets"]["cxmetrics_run"]["committed"]
    assert end["job"]["name"] == "shop"
    assert [dataset["name"] for dataset in end["inputs"]] == [f"{root}/data/calls*.csv", f"{root}/data/visits*.csv"]
    assert [dataset["inputFacets"]["inputStatistics"]["rowCount"] for dataset in end["inputs"]] == [2, 3]
    assert [dataset["inputFacets"]["inputStatistics"]["fileCount"] for dataset in end["inputs"]] == [1, 2]
    assert end["outputs"][0]["name"] == f"{root}/store/values"
    assert end["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"] > 0
    again = events(root)[1]
    assert again["run"]["runId"] != end["run"]["runId"]
    assert again["run"]["facets"]["cxmetrics_run"]["id"] == end["run"]["facets"]["cxmetrics_run"]["id"]
    assert again["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"] == 0


def test_the_days_asked_for_are_its_nominal_time(root):
    (root / "cxmetrics.yaml").write_text(PROJECT + "time_zone: Asia/Shanghai\n")
    for event in events(root, "--period", "2026-03-02"):
        told = event["run"]["facets"]["nominalTime"]
        assert (told["nominalStartTime"], told["nominalEndTime"]) == (
            "2026-03-02T00:00:00+08:00", "2026-03-03T00:00:00+08:00")


def test_a_source_that_fails_is_an_error_of_a_run_that_is_complete(root):
    events(root)
    (root / "data/calls-2.csv").write_text("")
    end = events(root, status=1)[1]
    assert end["eventType"] == "COMPLETE"
    assert end["run"]["facets"]["errorMessage"]["message"].startswith("CX710: ")


@pytest.mark.parametrize("text", ["", PROJECT.replace("count(calls)", "count(nothing)")])
def test_a_run_that_fails(root, text):
    put(root, "visits-1", "day,region,spent")
    (root / "cxmetrics.yaml").write_text(text)
    start, end = events(root, status=1)
    assert [start["eventType"], end["eventType"]] == ["START", "FAIL"]
    assert end["run"]["facets"]["errorMessage"]["message"].startswith("CX")


def test_a_run_that_is_told_to_stop(root, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt
    monkeypatch.setattr("cxmetrics.run.Gathering.bind", stopped)
    assert [event["eventType"] for event in events(root, status=130)] == ["START", "ABORT"]


def test_a_dry_run_is_none(root):
    assert status_of(["run", "--dry-run", "--openlineage", "lineage.jsonl"]) == 0
    assert (root / "lineage.jsonl").read_text() == ""


def test_a_file_that_cannot_be_written_is_told_of_before_the_work(root):
    assert status_of(["run", "--openlineage", "nowhere/lineage.jsonl"]) == 2
    assert not (root / "store").exists()


@pytest.mark.parametrize(("read", "expected"), [
    ("read: postgresql://cx@dwh.bank/clearing, table: payments",
     ("postgres://dwh.bank:5432", "clearing.public.payments")),
    ("read: postgresql://cx@dwh.bank:6432/clearing, table: cards.payments",
     ("postgres://dwh.bank:6432", "clearing.cards.payments")),
    ("read: mysql://dwh.bank/clearing, table: payments", ("mysql://dwh.bank:3306", "clearing.payments")),
    ("read: data/bank.duckdb, table: payments", ("file", "{root}/data/bank.duckdb/payments")),
])
def test_names_of_tables(root, read, expected):
    (root / "cxmetrics.yaml").write_text(PROJECT.replace('read: "data/calls*.csv"', read))
    compiled = compile_project(root)
    assert compiled.plan is not None, compiled.diagnostics
    found = openlineage.dataset_of(compiled.plan.sources["calls"], root)
    assert found == tuple(part.format(root=root) for part in expected)
