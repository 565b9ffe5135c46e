"""A project is not compiled again, whatever was found in it, until anything about it has changed."""

import datetime as dt
import random
from pathlib import Path

import pytest

import cxmetrics.compile
from cxmetrics.cli.command import status_of

PROJECT = """project: small
sources: {visits: {read: data/visits.csv, time: day}}
indicators: {visits: {formula: count(visits)}}
"""
IDLE = """  idle_{0}: {{read: data/{0}.csv, time: day, columns: {{名称: text}}}}
"""
FORMS = ("text", "concise", "json", "sarif", "github", "gitlab", "junit")


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("CXMETRICS_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "cxmetrics.yaml").write_text(PROJECT, "utf-8")
    return folder


@pytest.fixture
def compiled(monkeypatch):
    """How often a project was compiled."""
    real, calls = cxmetrics.compile.compile_project, []

    def counted(root):
        calls.append(root)
        return real(root)

    monkeypatch.setattr(cxmetrics.compile, "compile_project", counted)
    return calls


def check(project, capsys, *options):
    status = status_of(["check", str(project), *options])
    return status, capsys.readouterr()


@pytest.mark.parametrize("form", ["text", "json", "sarif", "junit", "concise"])
def test_what_was_clean_is_told_again_without_compiling(project, compiled, capsys, form):
    first, second = (check(project, capsys, "--format", form) for _ in range(2))
    assert first == second
    assert len(compiled) == 1


@pytest.mark.parametrize("change", [
    lambda folder: (folder / "cxmetrics.yaml").write_text(PROJECT.replace("count", "coumt"), "utf-8"),
    lambda folder: (folder / "more.yaml").write_text("indicators: {more: {formula: 1 +}}\n", "utf-8"),
    lambda folder: (folder / "cxmetrics.yaml").rename(folder / "other.yaml"),
])
def test_any_change_is_seen(project, compiled, capsys, change):
    assert check(project, capsys)[0] == 0
    change(project)
    assert check(project, capsys)[0] != 0
    assert check(project, capsys)[0] != 0
    assert len(compiled) == (2 if (project / "cxmetrics.yaml").exists() else 3), "a project that is none is not kept"


def test_another_cxmetrics_looks_anew(project, compiled, capsys, monkeypatch):
    check(project, capsys)
    monkeypatch.setattr("cxmetrics.cli.remembered._program", lambda: iter([b"another"]))
    check(project, capsys)
    assert len(compiled) == 2


DAYS = "date,kind,name\n2026-01-01,holiday,New Year\n"
OTHERS = {"libs/one/cxmetrics.yaml": "project: one\ncalendar: {read: days.csv}\n", "libs/one/days.csv": DAYS,
          "libs/one/more.yaml": "indicators: {more: {formula: count(visits)}}\n", "days.csv": DAYS}


@pytest.fixture
def wide(project):
    """A project that reads a library of its own, and CSV files."""
    (project / "libs/one").mkdir(parents=True)
    for name, text in OTHERS.items():
        (project / name).write_text(text, "utf-8")
    (project / "cxmetrics.yaml").write_text(f"{PROJECT}import: [libs/one]\ncalendar: {{read: days.csv}}\n", "utf-8")
    return project


def test_what_is_read_besides_is_known_again(wide, compiled, capsys):
    first, second = (check(wide, capsys) for _ in range(2))
    assert first == second
    assert first[0] == 0
    assert len(compiled) == 1


@pytest.mark.parametrize("change", [
    lambda folder: (folder / "days.csv").write_text("date,kind\n2026-13-01,holiday\n", "utf-8"),
    lambda folder: (folder / "days.csv").unlink(),
    lambda folder: (folder / "libs/one/more.yaml").write_text("indicators: {more: {formula: y}}\n", "utf-8"),
    lambda folder: (folder / "libs/one/last.yaml").write_text("indicators: {last: {formula: y}}\n", "utf-8"),
    lambda folder: (folder / "libs").rename(folder / "lib"),
])
def test_a_change_of_what_is_read_besides_is_seen(wide, compiled, capsys, change):
    assert check(wide, capsys)[0] == 0
    change(wide)
    assert check(wide, capsys)[0] == 1
    assert len(compiled) == 2


def test_links_to_what_is_read_besides_may_come_to_lead_elsewhere(wide, capsys):
    def lead(link, to):
        link.unlink(missing_ok=True)
        link.symlink_to(to)

    (wide / "bad.csv").write_text("date,kind\n2026-13-01,holiday\n", "utf-8")
    (wide / "libs/two").mkdir()
    (wide / "libs/two/cxmetrics.yaml").write_text("project: two\nindicators: {last: {formula: y}}\n", "utf-8")
    text = f"{PROJECT}import: [led]\ncalendar: {{read: led.csv}}\n"
    (wide / "cxmetrics.yaml").write_text(text, "utf-8")
    for table, library, status in [("days.csv", "libs/one", 0), ("bad.csv", "libs/one", 1), ("days.csv", "libs/one", 0),
                                   ("days.csv", "libs/two", 1), ("days.csv", "libs/one", 0)]:
        try:
            lead(wide / "led.csv", table)
            lead(wide / "led", library)
        except OSError as error:
            pytest.skip(f"links cannot be made here: {error}")
        assert check(wide, capsys)[0] == status, (table, library)
        assert check(wide, capsys)[0] == status, (table, library)


@pytest.mark.parametrize("spoiled", [
    b"", b"\xff", b"[]", b"{}", b'{"state": 1, "files": 2, "indicators": 3}', b"[" * 9000])
def test_what_is_kept_may_be_spoiled(project, compiled, capsys, tmp_path, spoiled):
    check(project, capsys)
    kept = next((tmp_path / "cache").iterdir())
    kept.write_bytes(spoiled)
    assert check(project, capsys)[0] == 0
    assert len(compiled) == 2


@pytest.mark.parametrize("folder", ["", "taken/cache"])
def test_without_a_folder_for_it_nothing_is_kept(project, compiled, capsys, tmp_path, monkeypatch, folder):
    Path(tmp_path / "taken").write_text("a file, no folder")
    monkeypatch.setenv("CXMETRICS_CACHE", folder and str(tmp_path / folder))
    assert [check(project, capsys)[0] for _ in range(2)] == [0, 0]
    assert len(compiled) == 2


@pytest.fixture
def suspect(project):
    """A project with warnings of many kinds: with two places, with a fix, over a shipped library, in two files."""
    (project / "cxmetrics.yaml").write_text("""project: suspect
import: [cxmetrics/app_web_vitals]
sources:
  visits: {read: data/visits.csv, time: day, columns: {score: {type: number, unit: score}}}
  idle: {read: data/idle.csv, time: day}
indicators:
  visits: {formula: count(visits)}
  again: {formula: count(visits)}
  slow: {formula: p75(rum.lcp_ms)}
  x:
    children: {visits: 0, again: 1}
""", "utf-8")
    later = "\ufefftemplates:\r\n  unused: {formula: count(visits), title: '旧😀'}\r\n"
    (project / "后来.yaml").write_bytes(later.encode())
    return project


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("options", [(), ("--lang", "zh"), ("--strict",)])
def test_what_was_found_is_told_again_without_compiling(suspect, compiled, capsys, form, options):
    first, second = (check(suspect, capsys, "--format", form, *options) for _ in range(2))
    assert first == second
    assert "CX4" in first[1].out
    assert len(compiled) == 1


def test_what_was_found_is_told_in_any_way(suspect, compiled, capsys, monkeypatch):
    calls = [("--format", form, "--lang", language, *more) for form in FORMS for language in ("en", "zh")
             for more in ((), ("--strict",), ("--no-baseline",))]
    known = [check(suspect, capsys, *call) for call in calls]
    assert len(compiled) == 1
    monkeypatch.setenv("CXMETRICS_CACHE", "")
    assert known == [check(suspect, capsys, *call) for call in calls]
    assert len(compiled) == 1 + len(calls)


def test_a_baseline_is_held_against_what_was_found(suspect, compiled, capsys):
    status, said = check(suspect, capsys, "--strict")
    assert (status, said.out != "") == (1, True)
    assert check(suspect, capsys, "--write-baseline", "--strict")[0] == 0
    status, said = check(suspect, capsys, "--strict")
    assert (status, said.out) == (0, "")
    assert check(suspect, capsys, "--strict", "--no-baseline")[0] == 1
    (suspect / "cxmetrics.baseline.json").write_text('{"baseline": 1, "known": []}', "utf-8")
    assert check(suspect, capsys, "--strict")[0] == 1
    assert len(compiled) == 1


def test_another_day_looks_anew(project, compiled, capsys, monkeypatch):
    (project / "cxmetrics.yaml").write_text("""project: bank
sources:
  calls: {read: calls.csv, time: day, columns: {answered: boolean}}
indicators:
  phone_answer_rate: {formula: share(calls.answered), benchmark: industry}
benchmarks:
  - indicator: phone_answer_rate
    peer: industry
    value: 94.18%
    period: 2020
    method: {population: all lines, denominator: calls offered, mode: administrative}
    n: census
    source: {publisher: an association, date: 2021-03}
    comparable: same_definition
    licence: public
""", "utf-8")

    def on(*day):
        fixed = type("Day", (dt.datetime,), {"now": classmethod(lambda cls, tz=None: cls(*day, tzinfo=tz))})
        monkeypatch.setattr("cxmetrics.cli.verbs.check.dt.datetime", fixed)
        return "CX264" in check(project, capsys)[1].out

    days = ((2023, 12, 31), (2023, 12, 31), (2024, 1, 1), (2024, 1, 31), (2024, 2, 1), (2023, 12, 31))
    found = [on(*day) for day in days]
    assert found == [False, False, True, True, True, False], "more than three years before the month began"
    assert len(compiled) == 5


def step(folder, chance):
    """Something that happens to a project."""
    files = sorted(folder.glob("*.yaml"))
    one = chance.choice(files)
    match chance.randrange(9):
        case 0:
            number = chance.randrange(5)
            (folder / f"more{number}.yaml").write_text("sources:\n" + IDLE.format(number), "utf-8")
        case 1 if one.name != "cxmetrics.yaml":
            one.unlink()
        case 2 if one.name != "cxmetrics.yaml":
            one.rename(folder / f"renamed{chance.randrange(3)}.yaml")
        case 3:
            one.touch()
        case 4:
            one.write_text(one.read_text("utf-8") + "# 说明\n", "utf-8")
        case 5:
            one.write_text("# a line above\n" + one.read_text("utf-8"), "utf-8")
        case 6:
            text = one.read_text("utf-8")
            one.write_text(text.replace("count(", "coumt(") if "count(" in text else text.replace("coumt(", "count("),
                           "utf-8")
        case 7:
            text = one.read_text("utf-8")
            allowed = "  # cx: allow CX226 because it comes"
            text = text.replace(allowed, "") if allowed in text else text.replace("}\n", f"}}{allowed}\n", 1)
            one.write_text(text, "utf-8")
        case _:
            one.write_bytes(one.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_it_is_told_as_if_nothing_were_kept(project, capsys, tmp_path, monkeypatch, seed):
    chance = random.Random(seed)
    cache = str(tmp_path / "cache")
    for _ in range(12):
        for _ in range(chance.choice([0, 1, 1, 2])):
            step(project, chance)
        options = ["--format", chance.choice(FORMS), "--lang", chance.choice(["en", "zh"])]
        options += [flag for flag in ("--strict", "--no-baseline", "--write-baseline") if chance.random() < 0.2]
        monkeypatch.setenv("CXMETRICS_CACHE", cache)
        kept = check(project, capsys, *options)
        monkeypatch.setenv("CXMETRICS_CACHE", "")
        assert kept == check(project, capsys, *options)


def test_what_is_kept_and_altered_anywhere_is_not_believed(suspect, compiled, capsys, tmp_path):
    first = check(suspect, capsys)
    kept = next((tmp_path / "cache").iterdir())
    whole, chance = kept.read_bytes(), random.Random(1)
    spoiled = [whole[:-1], whole + b" ", whole.replace(b"idle", b"ldle")]
    for _ in range(12):
        at = chance.randrange(len(whole))
        spoiled.append(whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1:])
    for number, text in enumerate(spoiled, 2):
        kept.write_bytes(text)
        assert check(suspect, capsys) == first
        assert len(compiled) == number


def test_what_hangs_on_files_that_are_no_definitions_is_not_kept(project, capsys):
    (project / "cxmetrics.yaml").write_text(f"{PROJECT}import: [lib]\n", "utf-8")
    assert check(project, capsys)[0] == 1
    (project / "lib").mkdir()
    (project / "lib" / "cxmetrics.yaml").write_text("project: lib\n", "utf-8")
    assert check(project, capsys)[0] == 0


def test_a_link_that_leads_elsewhere_is_seen(project, capsys, tmp_path):
    text = "indicators: {more: {formula: count(visits)}}\n"
    (tmp_path / "outside.yaml").write_text(text, "utf-8")
    (project / "more.yaml").write_text(text, "utf-8")
    assert check(project, capsys)[0] == 0
    (project / "more.yaml").unlink()
    try:
        (project / "more.yaml").symlink_to(tmp_path / "outside.yaml")
    except OSError as error:
        pytest.skip(f"links cannot be made here: {error}")
    assert check(project, capsys)[0] == 1
