"""Nothing personal leaves the rows: marked values of classed columns are looked for in all that is left or said."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from cxmetrics.cli.command import status_of

CANARY = "73517351"  # in every personal value, whatever its type; written `~` below
PROJECT = """
project: shop
grains: [day, month]
cuts: [[branch], [segment]]
replicates: 10
dimensions:
  branch: {title: Branch}
  segment: {}
sources:
  answers:
    read: data/answers.csv
    time: day
    entity: customer
    strata: branch
    unique: {by: [id]}
    keep: age < 800000000000
    columns:
      id: {type: text, class: C2}
      score: {type: integer, scale: 0..10}
      customer: {type: text, class: C2}
      phone: {type: text, class: C2}
      tariff: {type: text, class: C2, values: [gold]}
      comment: {type: text, class: C2}
      age: {type: integer, class: C2, scale: 0..900000000000}
      born: {type: date, class: C2}
      left_at: {type: time, class: C2}
      vip: {type: boolean, class: C2}
      pin: {type: text, class: C3}
      young: {formula: "age < 800000000000"}
      named: {type: text, formula: "coalesce(phone, comment)"}
    lookups:
      people: {read: data/people.csv, key: customer, columns: {segment: text, mail: {type: text, class: C2}}}
    dimensions: {segment: segment}
  accounts:
    read: data/accounts.jsonl
    time: day
    entity: account
    columns: {account: {type: text, class: C2}, balance: {type: number, class: C2, unit: CNY}}
indicators:
  happy: {formula: mean(answers.score), score: {0: 0, 100: 10}}
  customers: {formula: distinct(answers.customer)}
  callers: {formula: distinct(answers.named)}
  mails: {formula: "distinct(answers.mail where answers.mail matches '[0-9]@')"}
  named: {formula: count(answers where answers.phone = '110' or answers.comment matches 'x')}
  young: {formula: share(answers.young)}
  funnel: {formula: "conversion(answers.score > 1, answers.score > 2, by = answers.customer, within = 2 d)"}
  held: {formula: sum(accounts.balance at end)}
  north: {children: {happy: 50%, calm: 50%}}
  calm: {formula: mean(answers.score where answers.vip), score: {0: 0, 100: 10}}
tests:
  rows of persons:
    given:
      answers:
        - {score: 3, customer: "~8888", phone: "~0001", comment: ~8888 said, age: ~8888, branch: b}
    expect: {customers: 2, happy: 9, named: 3}
"""
ROWS = [
    "day,branch,id,score,customer,phone,tariff,comment,age,born,left_at,vip,pin",
    "2026-03-01,a,~01,9,~-ann,~0001,gold,~ x,~0008,1973-05-01,2026-03-01,true,~-pin",
    "2026-03-01,a,~02,8,~-bob,~0002,gold,~ y,~0010,1973-05-01,2026-03-01,true,~-pin",
    "2026-03-01,a,~02,8,~-bob,~0002,gold,~ y,~0010,1973-05-01,2026-03-01,true,~-pin",
    "2026-03-01,b,~03,1,~-cyd,~9999,~-tariff,~ y,~0010,1973-05-01,2026-03-01,true,~-pin",
    "2026-03-01,b,~04,1,~-cyd,~0001,gold,~ y,~-age,1973-05-01,2026-03-01,true,~-pin",
    "2026-03-01,b,~05,1,~-cyd,~0001,gold,~ y,~0010,~-born,2026-03-01,true,~-pin",
    "2026-03-01,b,~06,1,~-cyd,~0001,gold,~ y,~0010,1973-05-01,~-left,true,~-pin",
    "2026-03-01,b,~07,1,~-cyd,~0001,gold,~ y,~0010,1973-05-01,2026-03-01,~-vip,~-pin",
    "2026-03-01,b,~08,1,~-cyd,~0001,gold,~ y,~9999999,1973-05-01,2026-03-01,true,~-pin",
    "2026-03-02,b,~09,4,~-dan,~0001,gold,,~0010,1973-05-01,2026-03-01,true,",
    "2026-03-02,b,~10,5,,,gold,~ z,~0010,1973-05-01,2026-03-01,,~-pin"]
PEOPLE = "customer,segment,mail\n~-ann,north,~@a\n~-bob,south,~@b\n"
ACCOUNTS = """{"day": "2026-03-01", "account": "~-acc", "balance": 3}
{"day": "2026-03-02", "account": "~-acd", "balance": 1}
"""


@pytest.fixture(params=["duckdb", "polars"])
def shop(request, tmp_path, monkeypatch, capfd):
    """A project of which commands can be called; what they say is kept."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    root = tmp_path / "shop"
    (root / "data").mkdir(parents=True)
    write(root)
    return Shop(root, request.param, capfd)


def write(root: Path, **other: str) -> None:
    given = {"cxmetrics.yaml": PROJECT, "data/answers.csv": "\n".join(ROWS) + "\n", "data/people.csv": PEOPLE,
             "data/accounts.jsonl": ACCOUNTS}
    for name, text in given.items():
        (root / name).write_text(other.get(Path(name).stem, text).replace("~", CANARY))


class Shop:
    """A project, what computes it, and all that was ever said of it."""

    def __init__(self, root: Path, engine: str, capture) -> None:
        self.root, self.engine, self._capture = root, engine, capture

    def call(self, *words: str, engine: bool = True) -> tuple[int, str]:
        """The exit status of a command, and what it said, in which there is nothing personal."""
        self._capture.readouterr()
        status = status_of([*words, *(["--engine", self.engine] if engine else [])])
        said = "".join(self._capture.readouterr())
        return status, said

    def left(self) -> dict[str, str]:
        """All that stands in the store, the folder for scratch and the files that were asked for, as text."""
        found = {}
        for folder in (self.root / "store", self.root.parent / "tmp", self.root.parent / "out"):
            for path in folder.rglob("*"):
                if path.is_file():
                    found[str(path.relative_to(self.root.parent))] = content(path)
        return found


def content(path: Path) -> str:
    """Whatever a file holds, as text."""
    head = path.read_bytes()[:16]
    if head.startswith(b"PAR1"):
        return "\n".join(map(repr, pl.read_parquet(path, hive_partitioning=False).iter_rows(named=True)))
    if head.startswith(b"SQLite"):
        with closing(sqlite3.connect(path)) as connection:
            return "\n".join(connection.iterdump())
    return path.read_bytes().decode("utf-8", "replace")


def told(text: str) -> str:
    """The lines that hold something personal."""
    return "\n".join(line[:300] for line in text.splitlines() if CANARY in line)


def test_all_that_a_run_leaves_behind(shop):
    out = shop.root.parent / "out"
    out.mkdir()
    project = str(shop.root)
    said = [shop.call("run", project, "--json", str(out / "report.json"), "--prometheus", str(out / "m.prom"))]
    assert json.loads((out / "report.json").read_text())
    write(shop.root, answers="\n".join([*ROWS, "2026-03-02,b,~20,9,~-eve,~0001,gold,~,~0010,,,,"]))
    said.append(shop.call("run", project, "--log", "json"))
    said += [shop.call("query", project, name, "--by", by, "--format", "json")
             for name in ("happy", "customers", "north") for by in ("branch", "segment")]
    said.append(shop.call("query", project, "happy", "--from", "2026-03-01", "--to", "2026-03-02", "--ranks", "--by",
                          "segment"))
    for kind in ("duckdb", "csv", "parquet"):
        target = out / (f"x.{kind}" if kind == "duckdb" else f"x-{kind}")
        said.append(shop.call("store", "export", str(target), "--project", project, engine=False))
    said += [shop.call("tree", project, engine=False), shop.call("store", "log", project, engine=False),
             shop.call("store", "restatements", project, engine=False), shop.call("test", project)]
    said += [shop.call("show", "customers", "-p", project, "--stage", stage, engine=False)
             for stage in ("ir", "plan", "fused", "sql", "polars")]
    said += [shop.call("preview", name, "-p", project, "--by", "segment", "--format", form)
             for form in ("table", "json") for name in (
                 "happy", "customers", "callers", "mails", "named", "young", "funnel", "held", "north")]
    said += [shop.call("show", "customers", "-p", project, "--lineage", form, engine=False)
             for form in ("text", "json", "svg")]
    other = shop.root.parent / "other"
    shutil.copytree(shop.root, other, ignore=shutil.ignore_patterns("store", "data"))
    (other / "cxmetrics.yaml").write_text(PROJECT.replace("answers.score > 1", "answers.score > 3"))
    said += [shop.call("diff", str(other), project, "--data", "--format", form)
             for form in ("text", "markdown", "json")]
    assert [status for status, _ in said].count(0) == len(said) - 1  # the test of the definitions fails
    for _, text in said:
        assert not told(text), told(text)
    for name, text in shop.left().items():
        assert not told(text), (name, told(text))


SPOILED = {
    "double keys": {"people": PEOPLE + "~-ann,south,~@c\n"},
    "a row too long": {"answers": "\n".join([*ROWS, "2026-03-02,b,~20,9,~-eve,~,gold,~,~,,,,,~,~"])},
    "a quote not closed": {"answers": "\n".join([*ROWS, '2026-03-02,b,"~20,9,~-eve,~,gold,~,~,,,,'])},
    "text after a quote": {"answers": "\n".join([*ROWS, '2026-03-02,b,"~20"~,9,~-eve,~,gold,~,~,,,,'])},
    "broken JSON": {"accounts": ACCOUNTS + '{"day": "2026-03-02", "account": "~-acc", ~}\n'},
    "no object": {"accounts": ACCOUNTS + '["~-acc"]\n'},
    "an object within": {"accounts": ACCOUNTS + '{"day": "2026-03-02", "account": {"~": "~"}, "balance": 1}\n'},
    "huge numbers": {"accounts": ACCOUNTS + '{"day": "2026-03-02", "account": "~-a", "balance": ~e400}\n'},
    "the first bad row": {"cxmetrics": PROJECT.replace("    entity: cus", "    on_bad: fail\n    entity: cus")},
    "too many bad rows": {"cxmetrics": PROJECT.replace("    entity: cus", "    max_bad: 1%\n    entity: cus")},
    "cells made missing": {"cxmetrics": PROJECT.replace("    entity: cus", "    on_bad: null\n    entity: cus")},
    "no such column": {"answers": "\n".join(ROWS).replace("comment", "komment")},
    "a header of values": {"answers": "\n".join(ROWS[1:])},
}


@pytest.mark.parametrize("what", SPOILED)
def test_what_is_said_of_bad_data(shop, what):
    write(shop.root, **SPOILED[what])
    out = shop.root.parent / "out"
    out.mkdir()
    for words in (("run", "--strict", "--json", str(out / "a.json")), ("run", "--log", "json"),
                  ("query", "happy", "--from", "2026-03-01", "--to", "2026-03-02", "--by", "segment")):
        status, said = shop.call(words[0], str(shop.root), *words[1:])
        assert not told(said), (status, told(said))
        assert "CX900" not in said
    for name in ("happy", "held"):
        status, said = shop.call("preview", name, "-p", str(shop.root))
        assert not told(said), (status, told(said))
        assert "CX900" not in said
    for name, text in shop.left().items():
        assert not told(text), (name, told(text))
