"""`cxmetrics show` in Chinese: nothing is told by the word of the definitions where there is a plain one."""

import json
import re

import pytest
from surroundings import called

PROJECT = """\
project: shop
sources:
  calls: {read: calls.csv, time: day, columns: {waited: {type: number, unit: min}, ok: boolean}}
indicators:
  top: {title: {zh: 总指数}, level: north_star, children: {phone: 100%}, missing: "carry(7 d)"}
  phone: {title: {zh: 电话}, level: journey, children: {wait: 60%, taken: 40%}, missing: null, require: [wait]}
  wait: {title: {zh: 等候}, formula: median(calls.waited), score: {0: 10 min, 100: 0 min}, direction: down, ROUNDED}
  taken: {title: {zh: 接通}, level: touchpoint, formula: share(calls.ok), score: {0: 0%, 100: 100%}}
"""
IDS = "top|phone|wait|waited|taken|calls|csv|day|median|share|ok|cxmetrics|run|min"


@pytest.mark.parametrize(("rule", "said"), [
    ("rounding: half_up(1)", "四舍五入，保留 1 位小数，并影响上级"),
    ("rounding: half_even(2)", "四舍六入五成双，保留 2 位小数，并影响上级"),
    ("display: truncate(0)", "截断，保留 0 位小数，仅用于显示"), ("display: to(0.5)", "取整到 0.5 的倍数，仅用于显示")])
def test_rounding(rule, said, tmp_path):
    (tmp_path / "cxmetrics.yaml").write_text(PROJECT.replace("ROUNDED", rule), "utf-8")
    assert said in called("show", "wait", "--lang", "zh", cwd=tmp_path).stdout
    assert "rounding" not in called("show", "taken", cwd=tmp_path).stdout


@pytest.mark.parametrize("name", ["top", "phone", "wait", "taken"])
def test_no_english_word_is_left(name, tmp_path):
    (tmp_path / "cxmetrics.yaml").write_text(PROJECT.replace(", ROUNDED", ""), "utf-8")
    done = called("show", name, "--lang", "zh", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [word for word in re.findall(r"[A-Za-z_]{2,}", done.stdout) if not re.fullmatch(IDS, word)] == []


CLASSED = """\
project: shop
sources:
  calls:
    read: calls.csv
    time: day
    ENTITY
    columns:
      caller: {type: text, class: C2}
      age: {type: integer, class: C2}
      ok: {type: boolean, class: C1}
      old: {type: boolean, formula: age >= 60}
      rough: number
indicators:
  both: {children: {taken: 50%, by_old: 50%}}
  taken: {formula: share(calls.ok), score: {0: 0%, 100: 100%}}
  by_old: {formula: share(calls.old), score: {0: 0%, 100: 100%}}
  unclassed: {formula: mean(calls.rough)}
"""


@pytest.mark.parametrize(("entity", "name", "wanted", "told"), [
    ("entity: caller", "taken", "C2", ["C2: caller"]), ("", "taken", "C1", ["C1"]),
    ("entity: caller", "by_old", "C2", ["C2: caller, age"]), ("", "by_old", "C2", ["C2: age"]),
    ("entity: caller", "both", "C2", ["C2: caller, age"]), ("", "unclassed", None, [])])
def test_the_strictest_class_of_what_is_behind_an_indicator_is_told(entity, name, wanted, told, tmp_path):
    text = CLASSED.replace("    ENTITY\n", f"    {entity}\n" if entity else "")
    (tmp_path / "cxmetrics.yaml").write_text(text, "utf-8")
    shown = called("show", name, cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert re.findall(r"^privacy +(.*)$", shown.stdout, re.M) == told
    record, = json.loads(called("show", name, "--format", "json", cwd=tmp_path).stdout)
    assert record["privacy"] == wanted
    assert record["description"] is None
