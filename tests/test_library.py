"""The library that ships: whole, in both languages, tested, and with nothing invented beside it."""

import pytest

from cxmetrics.assets import definitions
from cxmetrics.benchmarks import CENSUS
from cxmetrics.compile import compile_project
from cxmetrics.load import load, read_files
from cxmetrics.load.library import read_libraries
from cxmetrics.testing import run_tests

SATURATED = "bias_flagged"  # a target would invite to press the key oneself
LENS = "lens"  # a mix, or a count that tells how large a thing is, has neither points nor a target


PACKS = ["app_web_vitals", "complaint_coding", "contact_centre", "employee", "mystery_visits", "programme",
         "regulator_it", "small_bank"]


def pyramid_of(name):
    compiled = compile_project(definitions() / name)
    assert not compiled.diagnostics
    return compiled.pyramid


def drafts_of(name):
    sources, _ = read_files(definitions() / name)
    return load(sources, read_libraries(definitions() / name, sources)[0])[0]


@pytest.fixture(scope="module")
def bank():
    return pyramid_of("retail_bank")


@pytest.fixture(scope="module")
def drafts():
    return drafts_of("retail_bank")


def factors(pyramid):
    return {name: one for name, one in pyramid.indicators.items()
            if one.formula is not None and one.level != "north_star"}


def test_the_pyramid_has_three_tops_sixteen_journeys_and_their_touchpoints(bank):
    by_level = {level: [name for name, one in bank.indicators.items() if one.level == level]
                for level in ("north_star", "journey", "touchpoint")}
    assert by_level["north_star"] == ["cxi", "rnps", "csi"]
    assert len(by_level["journey"]) == 16
    assert 58 <= len(by_level["touchpoint"]) <= 65
    assert len(factors(bank)) >= 118
    assert [edge.child for edge in bank.indicators["cxi"].children] == by_level["journey"]


WHOLE = ("retail_bank", "small_bank")  # these hold what packs are about themselves


@pytest.mark.parametrize("pack", [*PACKS, "retail_bank"])
def test_packs_go_together(tmp_path, pack):
    others = ["employee", "regulator_it"] if pack in WHOLE else [one for one in PACKS if one not in WHOLE]
    imports = ", ".join(f"cxmetrics/{one}" for one in dict.fromkeys([pack, *others]))
    (tmp_path / "cxmetrics.yaml").write_text(f"project: all\nimport: [{imports}]\n")
    assert [finding.code.id for finding in compile_project(tmp_path).diagnostics] == []


def test_a_small_bank_has_fifteen_touchpoints():
    levels = [one.level for one in pyramid_of("small_bank").indicators.values()]
    assert levels.count("touchpoint") == 15


@pytest.mark.parametrize("name", ["retail_bank", *PACKS])
def test_each_factor_says_what_it_is_in_both_languages_and_whose_it_is(name):
    for one in factors(pyramid_of(name)).values():
        assert one.title.keys() == one.description.keys() == {"zh", "en"}, one.id
        assert one.owner, one.id
        assert one.criticality, one.id
        assert one.score is not None or one.level == LENS, one.id
        assert one.target is not None or SATURATED in one.tags or one.level == LENS, one.id
        assert one.alone != bool(one.peers and one.peers.records), f"{one.id}: a benchmark, or that there is none"


@pytest.mark.parametrize("name", ["retail_bank", *PACKS])
def test_whatever_is_made_of_others_says_what_it_is_as_well(name):
    for one in pyramid_of(name).indicators.values():
        assert one.title.keys() == one.description.keys() == {"zh", "en"}, one.id
        assert all(text.strip() for text in (*one.title.values(), *one.description.values())), one.id
        assert one.owner, one.id
        assert one.criticality, one.id
        assert one.target is not None or one.level != "north_star", one.id
        if SATURATED in one.tags:
            assert one.target is None, one.id
            assert "不设目标" in one.description["zh"], one.id
            assert "no target" in one.description["en"], one.id


@pytest.mark.parametrize("name", ["retail_bank", *PACKS])
def test_each_factor_has_a_test(name):
    tests = (test for document in drafts_of(name).documents for test in document.tests.values())
    assert not factors(pyramid_of(name)).keys() - {str(indicator) for test in tests for indicator in test.expect}


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
@pytest.mark.parametrize("name", PACKS)
def test_the_tests_of_the_packs_pass(name, engine, tmp_path):
    compiled = compile_project(definitions() / name)
    verdicts = run_tests(compiled.plan, compiled.tests, engine, tmp_path)
    assert verdicts
    assert all(verdict.passed for verdict in verdicts)


@pytest.mark.parametrize("name", ["retail_bank", *PACKS])
def test_each_column_has_its_privacy_class(name):
    for document in drafts_of(name).documents:
        for source in document.sources.values():
            for column_name, column in source.columns.items():
                derived = not hasattr(column, "value") and column.formula is not None
                assert derived or not hasattr(column, "value") and column.privacy is not None, column_name


def test_the_shelf_of_benchmarks_is_used_up(bank, drafts):
    written = {record.indicator.value for document in drafts.documents for record in document.benchmarks}
    known = set(bank.indicators).union(*(pyramid_of(name).indicators for name in PACKS))
    assert not written - known
    assert sum(len(one.peers.records) for one in bank.indicators.values() if one.peers) > 100


def test_what_is_compared_with_says_of_whom_and_how_many(bank):
    for one in bank.indicators.values():
        for record in one.peers.records if one.peers else ():
            assert record.evidence.publisher
            assert record.evidence.licence
            assert record.method
            assert not record.counts or record.n == CENSUS


RECORD = """\
project: bank
sources: {{answers: {{read: a.csv, time: day, columns: {{score: {{type: integer, scale: 0..10}}}}}}}}
indicators: {{app_nps: {{formula: nps(answers.score)}}}}
benchmarks:
  - {{indicator: app_nps, peer: a, value: 20, period: {period}, n: {n}, comparable: {comparable}, licence: public,
      method: {{mode: panel}}, source: {{publisher: P, date: unknown}}}}
"""


@pytest.mark.parametrize(("period", "n", "comparable", "codes"), [
    ("unknown", "unknown", "reference_only", []), ("2024", "unknown", "same_definition", ["CX009"]),
    ("unknown", "100", "same_definition", ["CX281"]), ("2024", "100", "same_definition", []),
])
def test_what_is_compared_with_has_a_period_and_an_n(tmp_path, period, n, comparable, codes):
    text = RECORD.format(period=period, n=n, comparable=comparable)
    (tmp_path / "cxmetrics.yaml").write_text(text, encoding="utf-8")
    assert [found.code.id for found in compile_project(tmp_path).diagnostics] == codes


def test_a_record_of_what_nobody_has_is_left_on_the_shelf_and_told_in_a_project(tmp_path):
    (tmp_path / "shelf").mkdir()
    text = RECORD.format(period="2024", n="100", comparable="same_definition")
    shelf = text.replace("app_nps: {formula: nps(answers.score)}", "other: {formula: mean(answers.score)}")
    (tmp_path / "shelf" / "cxmetrics.yaml").write_text(shelf, encoding="utf-8")
    (tmp_path / "cxmetrics.yaml").write_text("project: bank\nimport: [shelf]\n", encoding="utf-8")
    assert not compile_project(tmp_path).diagnostics
    assert [found.code.id for found in compile_project(tmp_path / "shelf").diagnostics] == ["CX201"]


def test_a_shelf_alone_holds_its_records(tmp_path):
    assert not compile_project(definitions() / "benchmarks").diagnostics
    text = RECORD.format(period="2024", n="many", comparable="same_definition").partition("benchmarks:")
    (tmp_path / "cxmetrics.yaml").write_text("project: shelf\nbenchmarks:" + text[2], encoding="utf-8")
    assert [found.code.id for found in compile_project(tmp_path).diagnostics] == ["CX009"]
