"""Real data with results that others published or computed: every figure, on both engines.

The definitions are in `tests/real/<name>/`; the data lie beside the repository, and what needs them is skipped without.
"""

import csv
import datetime as dt
import json
import math
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from cxmetrics.run import RunOptions, run
from cxmetrics.store import Store

REAL = Path(__file__).parent / "real"
FILES = {
    "bank_survey": ("answers.csv",),
    "http_samples": ("samples.csv",),
    "complaints_regulator": ("complaints_2017q2.csv",),
    "asia_europe_index": ("exp_00_Treated.csv", "in_iData.csv"),
}
DIGITS = 1e-9

Row = Mapping[str, object]


class Real(NamedTuple):
    """What came out, by indicator and slice (None: the total), and the folder of what should have."""

    values: Mapping[tuple[str, str | None], Row]
    folder: Path

    def row(self, indicator: str, place: str | None = None) -> Row:
        return self.values[indicator, place]

    def expected(self, name: str) -> list[dict[str, str]]:
        with (self.folder / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


@pytest.fixture(scope="module", params=["duckdb", "polars"])
def real(request, shared_data, tmp_path_factory):
    """Runs a project of `tests/real` over its data, once an engine."""
    done: dict[str, Real] = {}

    def compute(name: str) -> Real:
        if name not in done:
            done[name] = _compute(name, request.param, shared_data / name, tmp_path_factory.mktemp(name))
        return done[name]

    return compute


def _compute(name: str, engine: str, folder: Path, root: Path) -> Real:
    missing = [file for file in FILES[name] if not (folder / file).is_file()]
    if missing:
        pytest.skip(f"{', '.join(missing)} of {name} is not in ../shared/data")
    shutil.copytree(REAL / name, root, dirs_exist_ok=True)
    (root / "data").mkdir()
    for file in FILES[name]:
        shutil.copyfile(folder / file, root / "data" / file)
    run(root, RunOptions(engine=engine), lambda *_: None)
    with Store.open(root / "store", writable=False) as store:
        values = store.values()
    dimensions = values.columns[values.columns.index("period") + 1:values.columns.index("value")]
    rows: dict[tuple[str, str | None], Row] = {}
    for row in values.iter_rows(named=True):
        place = next((row[dimension] for dimension in dimensions if row[dimension] is not None), None)
        assert (row["indicator"], place) not in rows
        rows[row["indicator"], place] = row
    return Real(rows, folder)


def close(actual: object, expected: float) -> bool:
    return isinstance(actual, int | float) and math.isclose(actual, expected, rel_tol=DIGITS, abs_tol=DIGITS)


def unlike(pairs: Mapping[str, tuple[object, float]]) -> list[str]:
    """Which of the pairs of (actual, expected) differ."""
    return [f"{what}: {actual} is not {expected}" for what, (actual, expected) in pairs.items()
            if not close(actual, expected)]


def number(text: str) -> float | None:
    return float(text) if text else None


# --- a bank's customers --------------------------------------------------------------------------------------------


def segment(row: Mapping[str, str]) -> str | None:
    return None if row["level"] == "ALL" else row["level"]


def test_bank_nps(real):
    bank = real("bank_survey")
    listed = bank.expected("expected_nps_by_segment.csv")
    assert len(listed) == 9
    for wanted in listed:
        place = segment(wanted)
        found = bank.row("recommend", place)
        pairs = {name: (found[name], 100 * float(wanted[other]))
                 for name, other in (("value", "nps"), ("low", "adjwald_lo"), ("high", "adjwald_hi"))}
        pairs |= {name: (bank.row(name, place)["value"], float(wanted[name]))
                  for name in ("promoters", "passives", "detractors")}
        pairs["n"] = found["n"], float(wanted["n"])
        assert not unlike(pairs), wanted


def test_bank_top_boxes(real):
    bank = real("bank_survey")
    listed = bank.expected("expected_csat_ci.csv")
    assert len(listed) == 54
    for wanted in listed:
        name, place = f"{wanted['item']}_{wanted['box']}", segment(wanted)
        found = bank.row(name, place)
        assert not unlike({
            "value": (found["value"], float(wanted["p"])), "n": (found["n"], float(wanted["n"])),
            "count": (bank.row(f"{name}_count", place)["value"], float(wanted["x"])),
            "low": (found["low"], float(wanted["wilson_lo"])), "high": (found["high"], float(wanted["wilson_hi"]))})


def test_bank_items(real):
    bank = real("bank_survey")
    listed = bank.expected("expected_item_means.csv")
    assert len(listed) == 243
    for wanted in listed:
        found = bank.row(wanted["item"], segment(wanted))
        assert not unlike({
            "value": (found["value"], float(wanted["mean"])), "n": (found["n"], float(wanted["n"])),
            "stdev": (bank.row(f"{wanted['item']}_stdev", segment(wanted))["value"], float(wanted["sd"])),
            "low": (found["low"], float(wanted["t_lo"])), "high": (found["high"], float(wanted["t_hi"]))}), wanted


CONSTRUCTS = {"IMAG": ("image", 6), "EXPE": ("expectations", 4), "QUAL": ("quality", 7), "VAL": ("value", 4),
              "SAT": ("satisfaction", 3), "LOY": ("loyalty", 3)}


def test_bank_constructs_and_index(real):
    bank = real("bank_survey")
    means = {row["construct"]: float(row["mean"]) for row in bank.expected("expected_alpha.csv")}
    assert means.keys() == CONSTRUCTS.keys()
    assert not unlike({name: (bank.row(name)["value"], means[code]) for code, (name, _) in CONSTRUCTS.items()})
    assert not unlike({"index": (bank.row("index")["value"], sum(means.values()) / 6)})


def test_bank_reliability(real):
    bank = real("bank_survey")
    wanted = {row["construct"]: float(row["raw_alpha"]) for row in bank.expected("expected_alpha.csv")}
    found = {code: bank.row(f"{name}_alpha")["value"] for code, (name, _) in CONSTRUCTS.items()}
    assert not unlike({code: (found[code], wanted[code]) for code in CONSTRUCTS})


def test_bank_constructs_and_index_by_segment(real):
    """The constructs of a segment are the means of its items' means, the index that of the constructs'."""
    bank = real("bank_survey")
    by_segment: dict[str | None, dict[str, float]] = {}
    for row in bank.expected("expected_item_means.csv"):
        by_segment.setdefault(segment(row), {})[row["item"]] = float(row["mean"])
    for place, items in by_segment.items():
        wanted = {name: sum(items[f"{code.lower()}{i + 1}"] for i in range(size)) / size
                  for code, (name, size) in CONSTRUCTS.items()}
        wanted["index"] = sum(wanted.values()) / 6
        assert not unlike({name: (bank.row(name, place)["value"], mean) for name, mean in wanted.items()}), place


# --- a load test ---------------------------------------------------------------------------------------------------


def test_http_statistics(real):
    http = real("http_samples")
    listed = json.loads((http.folder / "expected_statistics.json").read_text("utf-8"))
    assert listed.keys() == {"Total", "JR-OK", "JR-KO"}
    names = {"sample_count": "sampleCount", "errors": "errorCount", "mean": "meanResTime", "median": "medianResTime",
             "min": "minResTime", "max": "maxResTime", "p90": "pct1ResTime", "p95": "pct2ResTime", "p99": "pct3ResTime"}
    for label, wanted in listed.items():
        place = None if label == "Total" else label
        pairs = {name: (http.row(name, place)["value"], wanted[theirs]) for name, theirs in names.items()}
        pairs["error_share"] = http.row("error_share", place)["value"], wanted["errorCount"] / wanted["sampleCount"]
        assert not unlike(pairs), label
        # The published percentage has the digits of a 32-bit number.
        assert math.isclose(100 * pairs["error_share"][0], wanted["errorPct"], rel_tol=1e-7)


def test_http_apdex(real):
    http = real("http_samples")
    listed = http.expected("expected_apdex.csv")
    assert len(listed) == 36
    for wanted in listed:
        place = None if wanted["label"] == "Total" else wanted["label"]
        t, short = wanted["T_ms"], "" if wanted["rule"] == "4T" else "_short"
        found = http.row(f"apdex{short}_{t}", place)
        assert not unlike({
            "apdex": (found["value"], float(wanted["apdex"])), "n": (found["n"], float(wanted["n"])),
            "satisfied": (http.row(f"satisfied_{t}", place)["value"], float(wanted["satisfied"])),
            "tolerating": (http.row(f"tolerating{short}_{t}", place)["value"], float(wanted["tolerating"]))}), wanted


def test_http_times_are_instants(real):
    """1551783627191 ms is 5 March 2019, 11:00:27 UTC."""
    assert real("http_samples").row("sample_count")["period"] == dt.date(2019, 3, 1)


# --- a regulator's register ----------------------------------------------------------------------------------------


def test_complaints_index(real):
    register = real("complaints_regulator")
    published = 0
    for wanted in register.expected("complaints_2017q2.csv"):
        found = register.row("index", wanted["institution"])
        if wanted["published_index"]:
            published += 1
            assert not unlike({wanted["institution"]: (found["value"], float(wanted["published_index"]))})
        if int(wanted["clients"]) == 0:
            assert (found["value"], found["status"]) == (None, "no_data")
        assert register.row("upheld", wanted["institution"])["value"] == int(wanted["upheld"])
    assert published == 28
    assert sum(name == "index" for name, _ in register.values) == 101 + 2 + 1  # institutions, sizes, all


# --- an index of countries -----------------------------------------------------------------------------------------


def countries(rows: list[dict[str, str]]) -> list[tuple[str, dict[str, float | None]]]:
    return [(row.pop("uCode"), {name: number(text) for name, text in row.items()}) for row in rows]


def compare(index: Real, file: str, leaves: str, nodes: str | None) -> int:
    """Compare every node of every country; how many there were, and how many of them missing."""
    known = {name.partition(".")[2] for name, _ in index.values if name.startswith(f"{leaves}.")}
    listed = countries(index.expected(file))
    assert len(known) == 49
    assert len(listed) == 51
    missing = 0
    for country, wanted in listed:
        problems = []
        for name, value in wanted.items():
            id_, column = (f"{leaves}.{name}", "score") if name in known else (f"{nodes}.{name}", "value")
            found = index.values.get((id_, country), {}).get(column)
            missing += value is None
            if not (found is None if value is None else close(found, value)):
                problems.append(f"{id_} of {country}: {found} is not {value}")
        assert not problems, "\n".join(problems)
    return missing


def test_countries_between_1_and_100(real):
    assert compare(real("asia_europe_index"), "exp_10_norm_minmax_1_100.csv", "treated", None) == 0


@pytest.mark.parametrize("mean", ["amean", "gmean"])
def test_countries_pyramids(real, mean):
    assert compare(real("asia_europe_index"), f"exp_20_agg_{mean}.csv", "treated", mean) == 0


def test_countries_with_holes(real):
    assert compare(real("asia_europe_index"), "exp_30_norm_raw_minmax_0_100.csv", "measured", None) == 63


@pytest.mark.parametrize(("threshold", "pyramid", "gone"),
                         [("none", "none", 0), ("0.5", "half", 0), ("0.8", "most", 22)])
def test_countries_pyramids_with_holes(real, threshold, pyramid, gone):
    index = real("asia_europe_index")
    assert compare(index, f"exp_31_agg_missing_thresh_{threshold}.csv", "measured", pyramid) == 63 + gone
