"""Files found inside the project, and text files as columns of text."""

import gzip
import os

import polars as pl
import pytest

from cxmetrics.backends.csv_files import convert_csv
from cxmetrics.backends.readers import decoded, empty_files, find, open_table, require
from cxmetrics.diagnostics import Fault
from cxmetrics.ir import Binding, ColumnSpec, Origin
from cxmetrics.units import NUMBER


def codes_of(raised):
    return [d.code.id for d in raised.value.diagnostics]


def facts_of(raised):
    return raised.value.diagnostics[0].facts


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "project"
    (folder / "data" / "deep" / "er").mkdir(parents=True)
    for name in ("b.csv", "a.csv", "deep/er/c.csv", ".hidden.csv"):
        (folder / "data" / name).write_text("x\n1\n")
    (tmp_path / "secret.csv").write_text("x\n1\n")
    return folder


def names(root, pattern, **options):
    return [path.relative_to(root).as_posix() for path in find(root, pattern, None, "s", **options)]


def test_patterns_find_files_in_order(root):
    assert names(root, "data/*.csv") == ["data/a.csv", "data/b.csv"]
    assert names(root, "data/**/*.csv") == ["data/a.csv", "data/b.csv", "data/deep/er/c.csv"]
    assert names(root, "data/a.csv") == ["data/a.csv"]
    assert names(root, "data/deep/**") == ["data/deep/er/c.csv"]
    assert names(root, "data/[a]*") == ["data/a.csv"]
    assert names(root, "data/../data/a.csv") == ["data/a.csv"]


@pytest.mark.parametrize("pattern", [
    "../secret.csv", "/etc/passwd", "../*.csv", "data/*/../../../secret.csv", "/**", "/dev/stdin", "/proc/self/environ",
    "data/a.csv/../../../secret.csv"])
def test_paths_that_lead_outside_are_refused(root, pattern):
    with pytest.raises(Fault) as raised:
        find(root, pattern, None, "s")
    assert codes_of(raised) == ["CX015"]


def test_a_link_does_not_lead_outside_unless_it_is_allowed(root, tmp_path):
    (root / "data" / "link.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(Fault) as raised:
        find(root, "data/link.csv", None, "s")
    assert codes_of(raised) == ["CX015"]
    with pytest.raises(Fault):
        find(root, "data/*.csv", None, "s")
    assert find(root, "data/link.csv", None, "s", allowed=(tmp_path,))


@pytest.mark.parametrize("name", ["pipe.csv", "folder.csv", "~/a.csv", "\\\\server\\share\\a.csv", "C:\\a.csv", "-",
                                  "[", "file:a.csv", "data/a.csv'); ATTACH 'x.db'; --"])
def test_what_is_no_file_is_not_opened(root, name):
    os.mkfifo(root / "data/pipe.csv")  # whoever opens it waits for ever
    (root / "data/folder.csv").mkdir()
    with pytest.raises(Fault) as raised:
        find(root, f"data/{name}" if name in ("pipe.csv", "folder.csv") else name, None, "s")
    assert codes_of(raised) == ["CX702" if name in ("pipe.csv", "folder.csv") else "CX701"]
    (root / "data/folder.csv").rmdir()
    (root / "data/pipe.csv").rename(root / "data/pipe")
    assert all(path.is_file() for path in find(root, "data/*", None, "s"))


def test_a_delivery_is_not_passed_over_for_its_shape(root):
    """A folder as engines write them is found where the pattern takes in what lies in it; a link leads somewhere."""
    (root / "data/d.csv").mkdir()
    (root / "data/d.csv/part-0.csv").write_text("x\n1\n")
    with pytest.raises(Fault) as raised:
        find(root, "data/*.csv", None, "s")
    assert codes_of(raised) == ["CX702"]
    assert "folder" in facts_of(raised)["problem"]
    assert "data/d.csv/part-0.csv" in names(root, "data/**/*.csv")
    (root / "data/d.csv/part-0.csv").rename(root / "data/e.csv")
    (root / "data/d.csv").rmdir()
    (root / "data/f.csv").symlink_to(root / "data/gone.csv")
    with pytest.raises(Fault) as raised:
        find(root, "data/*.csv", None, "s")
    assert "nowhere" in facts_of(raised)["problem"]


def test_names_that_are_no_text_are_told(root):
    (root / os.fsdecode(b"data/n\xff.csv")).write_text("x\n1\n")
    with pytest.raises(Fault) as raised:
        find(root, "data/*.csv", None, "s")
    assert codes_of(raised) == ["CX702"]
    assert facts_of(raised)["path"].endswith("data/n\\xff.csv")


def test_links_in_a_circle_are_no_file(root):
    (root / "data" / "circle.csv").symlink_to("circle.csv")
    with pytest.raises(Fault) as raised:
        find(root, "data/circle.csv", None, "s")
    assert codes_of(raised) == ["CX701"]


@pytest.mark.parametrize(("pattern", "guess"), [
    ("dat/*.csv", "data/*.csv"), ("data/a.cvs", "data/a.csv"), ("data/*.parquet", "data/*.csv"),
    ("nothing/*.csv", None), ("data", "data/*"), ("data/a**.csv", None), ("data/\0", None)])
def test_where_nothing_matches_a_near_miss_is_named(root, pattern, guess):
    with pytest.raises(Fault) as raised:
        find(root, pattern, None, "answers")
    assert codes_of(raised) == ["CX701"]
    assert facts_of(raised)["source"] == "answers"
    assert facts_of(raised).get("guess") == guess


# --- CSV -------------------------------------------------------------------------------------------------------


def rows_of(tmp_path, content, name="t.csv"):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    table = open_table((path,), scratch=tmp_path / "scratch")
    frame = pl.read_parquet(table.files[0], hive_partitioning=False)
    assert set(table.columns.values()) <= {"text"}
    assert list(table.columns) == frame.columns
    return frame.to_dicts()


@pytest.mark.parametrize("content", [
    "a,b\n1,x y\n2,\n", "a,b\r\n1,x y\r\n2,\r\n", "\ufeffa,b\n1,x y\n2,", '"a","b"\n"1","x y"\n"2",""\n',
    "a;b\n1;x y\n2;\n", "a|b\n1|x y\n2|\n", "a,b\r\n1,x y\n2,\n", "\n\na,b\n1,x y\n2,\n", " a , b \n1,x y\n2,\n"])
def test_csv_comes_as_text(tmp_path, content):
    got = rows_of(tmp_path, content)
    assert [{k: v or None for k, v in row.items()} for row in got] == [{"a": "1", "b": "x y"}, {"a": "2", "b": None}]


def test_csv_keeps_numbers_as_written_and_breaks_inside_quotes(tmp_path):
    assert rows_of(tmp_path, 'a,b\n007,"x\ny, ""z"""\n1.50,NULL\n') == [
        {"a": "007", "b": 'x\ny, "z"'}, {"a": "1.50", "b": "NULL"}]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("within", ["\n", "\r\n", "\r"])
def test_a_line_break_in_a_name_costs_no_row(tmp_path, end, within):
    lines = ['day,"Most' + within + 'points"', '"1","x' + within + 'y"', '2,"a""b"', "3,", ""]
    (tmp_path / "a.csv").write_bytes(end.join(lines).encode())
    found = pl.read_parquet(open_table([tmp_path / "a.csv"], scratch=tmp_path / "scratch").files)
    assert found.columns == ["day", f"Most{within}points"]
    assert found.rows() == [("1", f"x{within}y"), ("2", 'a"b'), ("3", None)]


def test_the_rows_of_a_large_file_keep_their_places(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("n,text\n" + "".join(f"{n},{'x' * 90}\n" for n in range(700_000)))  # several buffers
    convert_csv(path, tmp_path / "o.parquet")
    assert pl.read_parquet(tmp_path / "o.parquet")["n"].cast(pl.Int64).equals(pl.Series("n", range(700_000)))


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
@pytest.mark.parametrize("end", ["\n", "", "\n2,c\n"])
def test_a_line_without_end_is_refused_wherever_it_stands(tmp_path, name, end):
    path = tmp_path / name
    with (gzip.open(path, "wt", compresslevel=1) if name.endswith("gz") else path.open("w")) as stream:
        stream.write("day,x\n0,b\n1,")
        for _ in range(36):  # more than a buffer: the last line of a file was left out without a word
            stream.write("a" * 1_000_000)
        stream.write(end)
    with pytest.raises(Fault) as raised:
        convert_csv(path, tmp_path / "o.parquet")
    assert "long" in raised.value.diagnostics[0].facts["problem"]
    path.write_bytes(gzip.compress(b"a" * 50_000_000) if name.endswith("gz") else b"a" * 50_000_000)  # the header
    with pytest.raises(Fault):
        convert_csv(path, tmp_path / "o.parquet")


def test_tsv_and_packed_files(tmp_path):
    assert rows_of(tmp_path, "a\tb,c\n1\t2,3\n", "t.tsv") == [{"a": "1", "b,c": "2,3"}]
    assert rows_of(tmp_path, gzip.compress(b"a,b\n1,2\n"), "t.csv.gz") == [{"a": "1", "b": "2"}]


def test_a_file_in_gb18030_is_read(tmp_path):
    assert rows_of(tmp_path, "地区,分数\n北京,9\n".encode("gb18030")) == [{"地区": "北京", "分数": "9"}]
    assert rows_of(tmp_path, "a,b\n1,北京\n".encode("gb18030"), "u.csv") == [{"a": "1", "b": "北京"}]


def test_files_that_are_not_utf8_are_counted(tmp_path):
    """In the header or below it, packed, or as JSON lines; what was converted before is counted again."""
    texts = {"a.csv": "地区\n1\n".encode("gbk"), "b.csv": "a\n北京\n".encode("gbk"), "c.csv": "a\n北京\n".encode(),
             "d.csv.gz": gzip.compress("a\n北京\n".encode("gbk"))}
    for name, content in texts.items():
        (tmp_path / name).write_bytes(content)
    for _ in range(2):
        assert decoded(open_table([tmp_path / name for name in texts], scratch=tmp_path / "scratch")) == 3
    (tmp_path / "e.jsonl").write_bytes('{"a": "北京"}\n'.encode("gbk"))
    assert decoded(open_table([tmp_path / "e.jsonl"], scratch=tmp_path / "scratch")) == 1


def test_bytes_that_are_no_text_are_reported_with_their_place(tmp_path):
    with pytest.raises(Fault) as raised:
        rows_of(tmp_path, b"a,b\n1,\xff\xff\n")
    assert codes_of(raised) == ["CX709"]
    assert facts_of(raised)["offset"] == "6"


@pytest.mark.parametrize(("content", "line", "found"), [
    ("a,b,c\n1,2,3\n4,5\n", 3, 2), ("a,b,c\n1,2,3\n4,5,6,7\n", 3, 4), ('a,b,c\n1,"2\n2",3\n4,5\n6,7,8\n', 4, 2),
    ("a,b,c\r\n1,2,3\r\n4\r\n", 3, 1), ("a,b,c\n" + "1,2,3\n" * 50_000 + "1,2\n", 50_002, 2)])
def test_ragged_lines_are_reported_with_their_number(tmp_path, content, line, found):
    with pytest.raises(Fault) as raised:
        rows_of(tmp_path, content)
    assert codes_of(raised) == ["CX708"]
    assert {key: facts_of(raised)[key] for key in ("line", "expected", "found")} == {
        "line": str(line), "expected": "3", "found": str(found)}


@pytest.mark.parametrize(("content", "name"), [
    ('a,b\n1,"2\n', "t.csv"), ("a,A\n1,2\n", "t.csv"), ("a,a\n1,2\n", "t.csv"), (b"\x1f\x8b\x08\x00broken", "t.csv.gz"),
    (b"a,\0b\n1,2\n", "t.csv"), (b"plain", "t.csv.gz"), (b"PAR1", "t.parquet"), (b"plain text", "t.parquet"),
    ("[1]\n", "t.jsonl"), ("{", "t.json"),
    ('{"a": 1}{"b": 2}', "t.ndjson"), ('{"a": 1}\n{"A": 2}\n', "t.jsonl"), ("[" * 100_000, "t.jsonl")])
def test_files_that_cannot_be_read(tmp_path, content, name):
    with pytest.raises(Fault) as raised:
        rows_of(tmp_path, content, name)
    assert codes_of(raised) == ["CX702"]
    assert 0 < len(facts_of(raised)["problem"]) < 200
    assert "\n" not in facts_of(raised)["problem"]


def test_names_that_are_empty_get_one_by_their_place(tmp_path):
    assert rows_of(tmp_path, '"",a\n1,2\n') == [{"column1": "1", "a": "2"}]


def test_a_header_alone_is_a_table_without_rows(tmp_path):
    assert rows_of(tmp_path, "a,b\n") == []


@pytest.mark.parametrize("content", ["", "\n \n", "\ufeff\n"])
def test_empty_files(tmp_path, content):
    with pytest.raises(Fault) as raised:
        rows_of(tmp_path, content)
    assert codes_of(raised) == ["CX710"]
    full = tmp_path / "full.csv"
    full.write_text("a\n1\n")
    table = open_table((tmp_path / "t.csv", full), scratch=tmp_path / "scratch")
    assert len(table.files) == 1
    assert [d.facts["path"].endswith("t.csv") for d in empty_files((tmp_path / "t.csv", full))] == [True]


def test_a_file_is_converted_once(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a\n1\n")
    first = open_table((path,), scratch=tmp_path / "scratch").files[0]
    before = first.stat().st_mtime_ns
    assert open_table((path,), scratch=tmp_path / "scratch").files == (first,)
    assert first.stat().st_mtime_ns == before
    path.write_text("a\n1\n2\n")
    assert open_table((path,), scratch=tmp_path / "scratch").files != (first,)
    [second] = open_table((path,), scratch=tmp_path / "scratch").files
    assert set((tmp_path / "scratch").iterdir()) == {first, second}


# --- JSON, folders, several files ------------------------------------------------------------------------------


def test_json_lines_come_as_text(tmp_path):
    lines = ('{"a": 0.10, "b": 12345678901234567890, "c": "x\\u4e2d", "d": null, "e": true}\n\n'
             '{"a": 1e5, "f": {"x": [1, 2.50, "}"]}, "g": [ ], "e": false}\n{}\n')
    assert rows_of(tmp_path, lines, "t.jsonl") == [
        {"a": "0.10", "b": "12345678901234567890", "c": "x中", "d": None, "e": "true", "f": None, "g": None},
        {"a": "1e5", "b": None, "c": None, "d": None, "e": "false", "f": '{"x": [1, 2.50, "}"]}', "g": "[ ]"},
        {"a": None, "b": None, "c": None, "d": None, "e": None, "f": None, "g": None}]
    assert rows_of(tmp_path, gzip.compress(b'\xef\xbb\xbf{"a": NaN}'), "t.json.gz") == [{"a": "NaN"}]


def test_folders_give_columns(tmp_path):
    for region in ("No%20rth", "S"):
        folder = tmp_path / f"region={region}"
        folder.mkdir()
        (folder / "t.csv").write_text(f"a\n{region}\n")
        pl.DataFrame({"a": [1]}).write_parquet(folder / "t.parquet")
    texts = open_table(sorted(tmp_path.glob("*/*.csv")), scratch=tmp_path / "scratch")
    assert pl.read_parquet(list(texts.files)).sort("a").to_dict(as_series=False) == {
        "a": ["No%20rth", "S"], "region": ["No rth", "S"]}
    table = open_table(sorted(tmp_path.glob("region*/*.parquet")), scratch=tmp_path / "scratch")
    assert table.columns == {"a": "integer", "region": "text"}


def test_files_with_other_columns_are_one_table(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    (tmp_path / "b.csv").write_text("z,x\n3,4\n")
    table = open_table((tmp_path / "a.csv", tmp_path / "b.csv"), scratch=tmp_path / "scratch")
    assert table.columns == {"x": "text", "y": "text", "z": "text"}


def test_parquet_stays_where_it_is(tmp_path):
    path = tmp_path / "odd [1]*?.parquet"
    frame = pl.DataFrame({"i": [1], "f": [1.5], "t": ["x"], "b": [True], "l": [[1]]}).with_columns(
        d=pl.date(2026, 1, 1), m=pl.datetime(2026, 1, 1), z=pl.datetime(2026, 1, 1, time_zone="UTC"),
        n=pl.lit("1.5").cast(pl.Decimal(10, 2)), k=pl.lit("a").cast(pl.Categorical))
    frame.write_parquet(path)
    table = open_table((path,), scratch=tmp_path / "scratch")
    assert table.files == (path,)
    assert table.columns == {"i": "integer", "f": "number", "t": "text", "b": "boolean", "l": "other", "d": "date",
                             "m": "time", "z": "instant", "n": "number", "k": "text"}


def test_what_is_declared_has_to_be_there(tmp_path):
    path = tmp_path / "t.parquet"
    pl.DataFrame({"score": [1], "at": ["2026-01-01"], "seen": [True]}).write_parquet(path)
    table = open_table((path,), scratch=tmp_path / "scratch")
    fine = Origin("a", "t.parquet", {"score": ColumnSpec("score", "integer", NUMBER, "score")}, (), "at")
    require(table, fine)
    columns = {"score": ColumnSpec("score", "integer", NUMBER, "scores"),
               "seen": ColumnSpec("seen", "number", NUMBER, "seen")}
    wrong = Origin("a", "t.parquet", columns, (Binding("b", "branch"), Binding("c", "c", declared=False)), "time")
    with pytest.raises(Fault) as raised:
        require(table, wrong)
    assert [(d.code.id, d.facts["column"], d.facts.get("guess")) for d in raised.value.diagnostics] == [
        ("CX703", "scores", "score"), ("CX703", "branch", None), ("CX703", "time", None), ("CX704", "seen", None)]
