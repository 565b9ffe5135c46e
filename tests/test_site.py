"""The pages of the codes as HTML: whole, in both languages, and sufficient to themselves."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from cxmetrics.cli.command import status_of
from cxmetrics.codes import CODES, page

VOID = {"meta", "br"}
HAN = re.compile(r"[\u4e00-\u9fff]")


class Reader(HTMLParser):
    """Takes a page apart; remembers links, and tags that do not close where they should."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.astray: list[str] = []
        self.links: list[str] = []
        self.texts: dict[str, list[str]] = {"en": [], "zh": []}
        self.languages: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        self.links += [value for name, value in attrs if name in ("href", "src")]
        if tag not in VOID:
            self.open.append(tag)
            self.languages.append(named.get("lang") or (self.languages[-1] if self.languages else "en"))

    def handle_endtag(self, tag):
        self.languages.pop()
        if self.open.pop() != tag:
            self.astray.append(tag)

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.texts[self.languages[-1]].append(data)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "codes"
    assert status_of(["explain", "--site", str(folder)]) == 0
    return {path.name: path.read_text("utf-8") for path in folder.iterdir()}


def test_there_is_a_page_for_each_code_and_a_list(site):
    assert set(site) == {"index.html", *(f"{code}.html" for code in CODES)}
    listed = Reader(site["index.html"]).links
    assert sorted(listed) == sorted(f"{code}.html" for code in CODES)


def test_pages_are_whole_and_ask_nothing_of_a_network(site):
    for name, text in site.items():
        read = Reader(text)
        assert (read.open, read.astray) == ([], []), name
        assert set(read.links) <= set(site), name
        assert not re.search(r"<(script|link|img|iframe|object)|@import|url\(", text), name
        assert "default-src 'none'" in text


@pytest.mark.parametrize("code", CODES.values(), ids=CODES)
def test_a_page_says_all_in_both_languages(code, site):
    texts = Reader(site[f"{code.id}.html"]).texts
    english, chinese = "".join(texts["en"]), "".join(texts["zh"])
    assert code.id in english
    assert HAN.search(chinese)
    written = page(code.id)
    for prose in re.findall(r"^(?![#`\-]).{30,}$", re.sub(r"```.*?```", "", written, flags=re.S), re.M):
        assert " ".join(prose.replace("`", "").split()) in " ".join((english + chinese).split()), prose
    if "## Wrong" in written:
        assert f"[{code.id}]:" in english
        assert re.search(rf"(错误|警告)\[{code.id}\]: ", chinese)


def test_one_page_stands_alone(capsys):
    assert status_of(["explain", "unknown-indicator", "--html"]) == 0
    read = Reader(capsys.readouterr().out)
    assert (read.open, read.astray, read.links) == ([], [], [])


def test_a_folder_of_others_is_left_alone(tmp_path, capsys):
    (tmp_path / "index.html").write_text("<h1>ours</h1>")
    assert status_of(["explain", "--site", str(tmp_path)]) == 2
    assert "is not of these pages" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
    assert status_of(["explain", "--site", str(tmp_path / "a" / "b")]) == 0
    assert status_of(["explain", "--site", str(tmp_path / "a" / "b")]) == 0  # written anew
    (tmp_path / "file").write_text("")
    assert status_of(["explain", "--site", str(tmp_path / "file")]) == 2


def test_functions_have_no_page(capsys):
    assert status_of(["explain", "nps", "--html"]) == 2
    assert "nps" in capsys.readouterr().err
