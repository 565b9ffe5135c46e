"""The library that ships: whole, in both languages, tested, and with nothing invented beside it."""

import pytest

from cxmetrics.assets import definitions
from cxmetrics.benchmarks import CENSUS
from cxmetrics.compile import compile_project
from cxmetrics.load import load, read_files
from cxmetrics.load.library import read_libraries

BANK = definitions() / "retail_bank"
SATURATED = "bias_flagged"  # a target would invite to press the key oneself
LENS = "complaint_reasons"  # a mix has neither points nor a target


@pytest.fixture(scope="module")
def bank():
    compiled = compile_project(BANK)
    assert not compiled.diagnostics
    return compiled.pyramid


@pytest.fixture(scope="module")
def drafts():
    sources, _ = read_files(BANK)
    return load(sources, read_libraries(BANK, sources)[0])[0]


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


def test_each_factor_says_what_it_is_in_both_languages_and_whose_it_is(bank):
    for name, one in factors(bank).items():
        assert one.title.keys() == one.description.keys() == {"zh", "en"}, name
        assert one.owner, name
        assert one.criticality, name
        assert one.score is not None or name == LENS, name
        assert one.target is not None or SATURATED in one.tags or name == LENS, name
        assert one.alone != bool(one.peers and one.peers.records), f"{name}: a benchmark, or that there is none"


def test_each_factor_has_a_test(bank, drafts):
    tested = {str(name) for document in drafts.documents for test in document.tests.values() for name in test.expect}
    assert not factors(bank).keys() - tested


def test_each_column_has_its_privacy_class(drafts):
    for document in drafts.documents:
        for source in document.sources.values():
            for name, column in source.columns.items():
                derived = not hasattr(column, "value") and column.formula is not None
                assert derived or not hasattr(column, "value") and column.privacy is not None, name


def test_the_shelf_of_benchmarks_is_used_up(bank, drafts):
    written = [record for document in drafts.documents for record in document.benchmarks]
    taken = sum(len(one.peers.records) for one in bank.indicators.values() if one.peers)
    elsewhere = {record.indicator.value for record in written} - bank.indicators.keys()
    assert elsewhere == {"would_recommend", "regulator_per_outlet", "regulator_complaints", "closed_3d", "phone_csat",
                         "pages_ttfb", "slow_frames", "mobile_users", "web_users"}
    assert taken == sum(record.indicator.value in bank.indicators for record in written) > 100


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
