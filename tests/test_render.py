"""Findings as text, to the character, and in the formats of machines."""

import json
import re
import time
from xml.etree import ElementTree as ET

import pytest

from cxmetrics.codes import names, pyramid, units, yaml_files
from cxmetrics.diagnostics import DID_YOU_MEAN, Code, Diagnostic, Fix, Label, Phrase, report
from cxmetrics.render import render, summary
from cxmetrics.source import Located, Source, Span

MOBILE = Source("journeys/mobile.yaml", """\
indicators:
  app:
    level: journey
  login_success_rate:
    formula: share(txn.ok)
""" + "    # …\n" * 9 + """\
  north:
    formula: 0.6 * login_sucess_rate
""")
CHINESE = Source("旅程/登录.yaml", "指标:\n  登录 😀: {公式: 成功率 + 等待时长}\n")


def at(source: Source, text: str, nth: int = 0) -> Span:
    start = -1
    for _ in range(nth + 1):
        start = source.text.index(text, start + 1)
    return Span(source, start, start + len(text))


def said(en: str) -> Phrase:
    return Phrase(en, en)


def plain(headline: str = "headline", label: str | None = None, **rest: str) -> Code:
    return Code("CX999", "made-up", said(headline), said(label) if label else None,
                **{name: said(text) for name, text in rest.items()})


def unknown(*, fix: bool = False) -> Diagnostic:
    wrong = at(MOBILE, "login_sucess_rate")
    return report(names.UNKNOWN_INDICATOR, wrong, help=DID_YOU_MEAN,
                  related=[Label(at(MOBILE, "login_success_rate"), names.SIMILAR_NAME)],
                  fix=Fix(wrong, "login_success_rate") if fix else None,
                  name="login_sucess_rate", guess="login_success_rate")


def units_differ() -> Diagnostic:
    related = [Label(at(CHINESE, "成功率"), units.LEFT_IS), Label(at(CHINESE, "等待时长"), units.RIGHT_IS)]
    return report(units.UNITS_DIFFER, at(CHINESE, "+"), related=related, operation="+", left="share", right="duration")


def text(*found: Diagnostic, language="en", colour=False) -> str:
    return render(found, format="text", language=language, colour=colour)


def test_a_misspelt_name_as_in_the_book():
    assert text(unknown()) == """\
error[CX201]: unknown indicator `login_sucess_rate`
  --> journeys/mobile.yaml:16:20
   |
 4 |   login_success_rate:
   |   ------------------ this one has a similar name
...
16 |     formula: 0.6 * login_sucess_rate
   |                    ^^^^^^^^^^^^^^^^^ not defined in any loaded file
   |
   = help: did you mean `login_success_rate`?
   = more: cxmetrics explain CX201"""


def test_a_fix_shows_the_line_before_and_after():
    assert text(unknown(fix=True)).endswith("""\
   = help: did you mean `login_success_rate`?
   |
16 -     formula: 0.6 * login_sucess_rate
16 +     formula: 0.6 * login_success_rate
   |
   = more: cxmetrics explain CX201""")


def test_wide_characters_and_emoji_take_two_cells_and_our_terms_are_translated():
    assert text(units_differ(), language="zh") == """\
错误[CX301]: `+` 两边单位不同：比例与时长
 --> 旅程/登录.yaml:2:18
  |
2 |   登录 😀: {公式: 成功率 + 等待时长}
  |                   ------ ^ -------- 这是时长
  |                   |      |
  |                   |      两边单位不同
  |                   这是比例
  |
  = 原因: 结果没有单位，也就没有意义
  = 建议: 请把两边换成同一单位，或作为复合指标的下级分别计分
  = 详见: cxmetrics explain CX301"""


def test_where_to_read_more_is_said_once_a_code():
    both = text(unknown(), unknown(), units_differ())
    assert both.count("explain CX201") == both.count("explain CX301") == 1
    assert both.count("\n\n") == 2


def test_places_in_several_files_have_a_window_each():
    first, again = Source("a.yaml", "nps: 1\n"), Source("sub/b.yaml", "x: 1\nnps: 2\n")
    found = report(names.DUPLICATE_ID, at(again, "nps"), kind="indicator", id="nps",
                   related=[Label(at(first, "nps"), names.FIRST_DEFINED)])
    assert text(found) == """\
error[CX206]: indicator `nps` is defined twice
 --> sub/b.yaml:2:1
  |
2 | nps: 2
  | ^^^ defined again here
 ::: a.yaml:1:1
  |
1 | nps: 1
  | --- first defined here
  |
  = note: ids are unique in the whole project
  = help: rename one of the two
  = more: cxmetrics explain CX206"""


def test_overlapping_places_keep_their_texts():
    source = Source("a.yaml", "formula: mean(sum(x))\n")
    outer = Label(at(source, "mean(sum(x))"), said("outer"))
    found = report(plain(label="inner"), at(source, "sum(x)"), related=[outer])
    assert text(found) == """\
error[CX999]: headline
 --> a.yaml:1:15
  |
1 | formula: mean(sum(x))
  |          -----^^^^^^- inner
  |          |
  |          outer
  |
  = more: cxmetrics explain CX999"""


def test_a_place_over_lines_is_underlined_in_each():
    source = Source("a.yaml", "a:\n  formula: >\n    one +\n\n    two\n  b: 1\n")
    found = report(plain(label="all of it"), at(source, "one +\n\n    two"))
    assert text(found) == """\
error[CX999]: headline
 --> a.yaml:3:5
  |
3 |     one +
  |     ^^^^^
4 |
5 |     two
  |     ^^^ all of it
  |
  = more: cxmetrics explain CX999"""


def test_of_a_tall_place_only_the_ends_are_shown():
    source = Source("a.yaml", "".join(f"line{i}\n" for i in range(1, 21)))
    shown = text(report(plain(label="long"), source.whole)).split("\n")
    assert shown[3:11] == [
        " 1 | line1", "   | ^^^^^", " 2 | line2", "   | ^^^^^", "...", "20 | line20", "   | ^^^^^^ long", "   |"]


def test_a_very_long_line_is_clipped_around_the_place():
    source = Source("a.yaml", "x: " + "甲" * 500 + "WRONG" + "y" * 5000 + "\n")
    line, underline = text(report(plain(label="here"), at(source, "WRONG"))).split("\n")[3:5]
    assert line.startswith("1 | …甲甲")
    assert line.endswith("yyy…")
    before = line.index("WRONG") - len("1 | …")
    assert underline == "  | " + " " * (1 + 2 * before) + "^^^^^ here"
    assert len(line) < 130


def test_a_line_of_millions_of_characters_is_drawn_at_once():
    source = Source("a.yaml", "x" * 3_000_000 + "WRONG" + "y" * 3_000_000)
    began = time.perf_counter()
    line, underline = text(report(plain(), at(source, "WRONG"), related=[Label(source.whole, said("all"))])).split(
        "\n")[3:5]
    assert time.perf_counter() - began < 1
    assert line[underline.index("^"):].startswith("WRONG")
    assert line[4:6] + line[-2:] == "…xy…"


def test_places_far_apart_in_a_long_line_show_the_primary_one():
    source = Source("a.yaml", "FIRST" + "." * 3000 + "WRONG\n")
    far = Label(at(source, "FIRST"), said("far off"))
    lines = text(report(plain(), at(source, "WRONG"), related=[far])).split("\n")
    assert lines[3].endswith("WRONG")
    assert lines[4].endswith("^^^^^")
    assert len(lines[3]) < 130


def test_tabs_take_four_cells():
    source = Source("a.yaml", "a:\tb\tWRONG\n")
    assert text(report(plain(), at(source, "WRONG"))).split("\n")[3:5] == [
        "1 | a:    b    WRONG", "  |            ^^^^^"]


def test_a_family_emoji_takes_two_cells_and_an_accent_none():
    source = Source("a.yaml", "👨‍👩‍👧❤️e\u0301 WRONG\n")
    assert text(report(plain(), at(source, "WRONG"))).split("\n")[4] == "  | " + " " * 6 + "^^^^^"


def test_a_place_at_the_end_of_the_file_is_one_mark():
    source = Source("a.yaml", "a: (\n")
    assert text(report(plain(label="end"), Span(source, 5, 5))).split("\n")[3:5] == ["2 |", "  | ^ end"]


def test_windows_line_ends_are_not_shown():
    source = Source("a.yaml", "a: 1\r\nb: 2\r\n")
    assert "\r" not in text(report(plain(), source.whole))


def test_a_place_inside_a_quoted_scalar_is_exact():
    source = Source("a.yaml", "f: 'share(x = ''ok'')'\n")
    scalar = Located("share(x = 'ok')", source, 3, 22, "'")
    assert text(report(plain(), scalar.part(10, 14))).split("\n")[4] == "  |               ^^^^^^"


def test_a_finding_without_a_place_has_no_window():
    assert text(report(yaml_files.NO_PROJECT_FILE, None, path="bank")) == """\
error[CX008]: no `cxmetrics.yaml` in `bank`
  = help: name the project folder, or make a project with `cxmetrics init`
  = more: cxmetrics explain CX008"""


def test_a_fix_may_add_and_remove_lines():
    source = Source("a.yaml", "a:\n  b: 1\n  b: 2\nc: 3\n")
    added = report(plain(), at(source, "a:"), fix=Fix(Span(source, 2, 2), "\n  z: 0"))
    assert "1 - a:\n1 + a:\n2 +   z: 0\n" in text(added)
    removed = report(plain(), at(source, "b: 2"), fix=Fix(at(source, "  b: 2"), ""))
    assert "3 -   b: 2\n  |\n" in text(removed)


def test_a_fix_in_another_file_says_where():
    other = Source("b.yaml", "x: 1\n")
    found = report(plain(), at(MOBILE, "north"), fix=Fix(at(other, "1"), "2"))
    assert "   ::: b.yaml:1:4\n   |\n 1 - x: 1\n 1 + x: 2\n" in "\n" + text(found).replace("\n  :::", "\n   :::")


def test_facts_neither_break_nor_inject():
    found = report(plain("`{name}` {other} {gone}", "{name}"), at(MOBILE, "north"),
                   name="{other} \x1b[31m\n::error::\u202e", other="{name}{0}{}")
    headline = text(found).split("\n")[0]
    assert headline == "error[CX999]: `{other} \\x1b[31m\\n::error::\\u202e` {name}{0}{} ?"
    for format_ in ("text", "concise", "json", "sarif", "github", "gitlab", "junit"):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", render([found], format=format_, language="en"))


def test_a_doubled_brace_stands_for_itself():
    found = report(plain("`{{0: 8 s}}` {0: 1} {{name}} {name}"), None, name="x")
    assert text(found).split("\n")[0] == "error[CX999]: `{0: 8 s}` {0: 1} {name} x"


def test_a_very_long_fact_is_cut():
    assert len(render([report(plain("{name}"), None, name="x" * 10_000)], format="concise", language="en")) < 400


def test_what_somebody_wrote_is_never_translated():
    found = report(names.UNKNOWN_COLUMN, None, name="share", source="text")
    assert "数据源 `text` 没有列 `share`" in text(found, language="zh")


def test_control_characters_of_a_file_are_shown_as_escapes():
    source = Source("a.yaml", "a: \x1b[31m WRONG\n")
    shown = text(report(plain(), at(source, "WRONG")))
    assert shown.split("\n")[3:5] == ["1 | a: \\x1b[31m WRONG", "  |" + " " * 13 + "^^^^^"]


def test_colours_come_only_when_asked_and_change_no_text():
    coloured = text(unknown(fix=True), units_differ(), colour=True)
    assert "\x1b[1;31merror[CX201]\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == text(unknown(fix=True), units_differ())


def test_findings_are_sorted_by_place_then_code():
    one, two = Source("a.yaml", "abc\n"), Source("b.yaml", "abc\n")
    spans = [Span(two, 0, 1), Span(one, 2, 3), Span(one, 0, 1), None]
    lines = render([report(plain(), span) for span in spans], format="concise", language="en").split("\n")
    assert lines == ["error[CX999] headline", "a.yaml:1:1: error[CX999] headline",
                     "a.yaml:1:3: error[CX999] headline", "b.yaml:1:1: error[CX999] headline"]


def test_the_summary_counts_in_both_languages():
    warning = report(pyramid.ZERO_WEIGHT, None, child="a")
    assert summary([unknown(), unknown(), warning], "en") == "2 errors, 1 warning"
    assert summary([unknown(), warning, warning], "zh") == "1 个错误，2 个警告"
    assert (summary([], "en"), summary([], "zh")) == ("no problems", "没有问题")


def test_json_counts_characters():
    found = json.loads(render([units_differ(), unknown(fix=True)], format="json", language="en"))
    assert [f["code"] for f in found] == ["CX201", "CX301"]
    assert found[1]["primary"] == {"path": "旅程/登录.yaml", "start": {"line": 2, "column": 18},
                                   "end": {"line": 2, "column": 19}, "label": "the two sides have different units"}
    assert found[0]["fix"]["replacement"] == "login_success_rate"
    assert found[0]["facts"]["guess"] == "login_success_rate"
    assert json.loads(render([], format="json", language="en")) == []


def test_half_a_pair_of_characters_can_still_be_written_as_utf8():
    found = report(plain("{name}"), None, name="\ud800")
    for format_ in ("text", "concise", "json", "sarif", "github", "gitlab", "junit"):
        render([found], format=format_, language="en").encode()


def test_sarif_has_what_scanners_require():
    found = [unknown(fix=True), units_differ(), report(yaml_files.NO_PROJECT_FILE, None, path="x")]
    log = json.loads(render(found, format="sarif", language="en"))
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-2.1.0.json")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "cxmetrics"
    assert run["columnKind"] == "unicodeCodePoints"
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["help"]["text"]
        assert rule["help"]["markdown"].startswith(f"# {rule['id']}")
        assert rule["defaultConfiguration"]["level"] in ("error", "warning")
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        assert result["partialFingerprints"]
        for location in [*result["locations"], *result.get("relatedLocations", [])]:
            physical = location["physicalLocation"]
            assert re.fullmatch(r"[\w./%~-]+", physical["artifactLocation"]["uri"], re.A)
            assert not physical["artifactLocation"]["uri"].startswith("/")
            assert physical["region"]["startLine"] >= 1


def test_sarif_fixes_and_related_places():
    log = json.loads(render([unknown(fix=True)], format="sarif", language="en"))
    (result,) = log["runs"][0]["results"]
    assert result["relatedLocations"][0]["message"]["text"] == "this one has a similar name"
    (change,) = result["fixes"][0]["artifactChanges"]
    assert change["replacements"] == [{
        "deletedRegion": {"startLine": 16, "startColumn": 20, "endLine": 16, "endColumn": 37},
        "insertedContent": {"text": "login_success_rate"}}]
    assert result["fixes"][0]["description"]["text"] == "did you mean `login_success_rate`?"


def test_sarif_addresses_are_escaped():
    log = json.loads(render([units_differ()], format="sarif", language="zh"))
    location = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "%E6%97%85%E7%A8%8B/%E7%99%BB%E5%BD%95.yaml"


def test_github_annotations_escape():
    source = Source("a,b:c.yaml", "x: 1\n")
    found = report(plain("100% {name}", note="why"), at(source, "1"), name="x")
    assert render([found], format="github", language="en") == (
        "::error file=a%2Cb%3Ac.yaml,line=1,endLine=1,col=4,endColumn=5,title=CX999 made-up::100%25 x%0Awhy")


def test_gitlab_fingerprints_stay_when_lines_move_and_differ_between_findings():
    moved = Source("a.yaml", "\n\nx x\n")
    here = Source("a.yaml", "x x\n")
    prints = [[f["fingerprint"] for f in json.loads(render(
        [report(plain(), at(s, "x")), report(plain(), at(s, "x", 1))], format="gitlab", language="en"))]
        for s in (here, moved)]
    assert prints[0] == prints[1]
    assert len(set(prints[0])) == 2


@pytest.mark.parametrize("language", ["en", "zh"])
def test_gitlab_findings_have_what_is_required(language):
    (found,) = json.loads(render([unknown()], format="gitlab", language=language))
    assert found["location"] == {"path": "journeys/mobile.yaml", "lines": {"begin": 16, "end": 16}}
    assert found["severity"] == "major"
    assert found["check_name"] == "CX201"
    assert "login_sucess_rate" in found["description"]


def test_junit_has_a_case_a_file():
    warning = report(pyramid.ZERO_WEIGHT, at(Source("w.yaml", "a: 0\n"), "0"), child="<a>")
    suites = ET.fromstring(render([unknown(), unknown(), units_differ(), warning], format="junit", language="zh"))
    cases = list(suites.iter("testcase"))
    assert [case.get("name") for case in cases] == ["journeys/mobile.yaml", "w.yaml", "旅程/登录.yaml"]
    assert [len(case.findall("failure")) for case in cases] == [1, 0, 1]
    assert (suites.get("tests"), suites.get("failures")) == ("3", "2")
    assert "CX415" in cases[1].findtext("system-out")


def test_a_clean_run_is_a_passing_suite():
    suites = ET.fromstring(render([], format="junit", language="en"))
    assert (suites.get("tests"), suites.get("failures")) == ("1", "0")
    assert [render([], format=f, language="en") for f in ("text", "concise", "github")] == ["", "", ""]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("format_", ["text", "concise", "json", "sarif", "github", "gitlab", "junit"])
def test_every_row_of_the_catalogue_renders_without_facts(format_, language):
    from cxmetrics.codes import CODES

    rendered = render([report(code, at(MOBILE, "north")) for code in CODES.values()], format=format_, language=language)
    assert all(code in rendered for code in CODES)
