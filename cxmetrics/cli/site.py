"""The pages of the codes as HTML: each stands alone, in both languages, and asks nothing of a network."""

from __future__ import annotations

import datetime as dt
import re
import tempfile
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Final

from cxmetrics.cli.pages import CHINESE, sections
from cxmetrics.codes import CODES, page
from cxmetrics.compile import compile_project
from cxmetrics.diagnostics import Code
from cxmetrics.render import Language, render
from cxmetrics.render.wording import outline

GENERATOR: Final = "cxmetrics explain"  # by which a page of ours is known
INDEX: Final = "index.html"
_PARTS: Final = {  # of the catalogue, by the first digit of an id
    "0": ("Files and YAML", "文件与 YAML"), "1": ("The syntax of formulas", "公式的语法"), "2": ("Names", "名称"),
    "3": ("Units and grains", "单位与粒度"), "4": ("The pyramid", "指标体系"), "6": ("Engines", "计算引擎"),
    "7": ("Data, at run time", "运行时的数据"), "8": ("The store", "存储"), "9": ("cxmetrics itself", "cxmetrics 自身"),
}
_BLOCK = re.compile(r"^```(?:yaml|csv) (\S+)\n(.*?)^```$", re.M | re.S)
_CODE = re.compile(r"``(.+?)``|`([^`\n]+)`")
_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --soft: #57606a; --line: #d0d7de; --code: #f3f5f7;
  --error: #b3261e; --warning: #8a5300; --link: #0b57d0 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --paper: #0f1419; --soft: #9aa6b2; --line: #30363d;
  --code: #1a2027; --error: #ff8a80; --warning: #ffc266; --link: #8ab4f8 } }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 60rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.6 system-ui, "Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", sans-serif }
h1 { font-size: 1.6rem; line-height: 1.3 } h2 { font-size: 1.2rem; margin-top: 2rem } h3 { font-size: 1rem }
a { color: var(--link) } nav { color: var(--soft) } .headline { font-size: 1.1rem }
.error { color: var(--error) } .warning { color: var(--warning) } .name { color: var(--soft) }
code, pre { font: .875rem/1.45 ui-monospace, "DejaVu Sans Mono", "Noto Sans Mono CJK SC", monospace;
  background: var(--code) }
code { padding: .1em .3em; border-radius: 4px } pre { padding: .8rem 1rem; overflow-x: auto; border-radius: 6px;
  border: 1px solid var(--line) } pre code { padding: 0; background: none } figure { margin: 0 0 1rem }
figcaption { color: var(--soft); font-size: .875rem } table { border-collapse: collapse; width: 100% }
td, th { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid var(--line) }
"""


def code_page(code: Code, *, alone: bool) -> str:
    """The page of a code; `alone`: without links to others."""
    text = page(code.id) or ""
    parts = dict(sections(text))
    title = f"{code.id} {code.name}"
    opening = next(iter(parts.values()), [])
    body = [] if alone else [_around(code)]
    body += [f"<h1><span class='{code.severity}'>{code.id}</span> {escape(code.name)}</h1>",
             f"<p class='headline'>{_inline(outline(code.headline, 'en'))}</p>",
             f"<p class='headline' lang='zh'>{_inline(outline(code.headline, 'zh'))}</p>", *_blocks(opening)]
    for name in ("Why", "Wrong"):
        if name in parts:
            body += [f"<h2>{name}</h2>", *_blocks(parts[name])]
    said = _said(text)
    if said:
        body += ["<h3>What is said of it</h3>", _listing(said["en"])]
    if "Mended" in parts:
        body += ["<h2>Mended</h2>", *_blocks(parts["Mended"])]
    body += [f"<section lang='zh'><h2>{CHINESE}</h2>", *_blocks(parts.get(CHINESE, []))]
    if said:
        body += ["<h3>诊断信息</h3>", _listing(said["zh"])]
    return _document(title, [*body, "</section>"])


def index_page() -> str:
    """The list of all codes in both languages."""
    body = ["<h1>cxmetrics: what it can tell, and what to do</h1>", "<p lang='zh'>cxmetrics 的全部诊断代码</p>"]
    for digit, (english, chinese) in _PARTS.items():
        rows = sorted((code for code in CODES.values() if code.id[2] == digit), key=lambda code: code.id)
        if rows:
            body += [f"<h2>{english} <span lang='zh'>{chinese}</span></h2>", "<table>", *map(_row, rows), "</table>"]
    return _document("cxmetrics: codes", body)


def pages() -> Iterator[tuple[str, str]]:
    """Every file of the site: its name and what it holds."""
    yield INDEX, index_page()
    for code in CODES.values():
        yield f"{code.id}.html", code_page(code, alone=False)


def _row(code: Code) -> str:
    return (f"<tr><th scope='row'><a class='{code.severity}' href='{code.id}.html'>{code.id}</a></th>"
            f"<td>{_inline(outline(code.headline, 'en'))}<br>"
            f"<span lang='zh'>{_inline(outline(code.headline, 'zh'))}</span></td>"
            f"<td class='name'>{escape(code.name)}</td></tr>")


def _around(code: Code) -> str:
    """Links to the list, and to the codes before and behind."""
    ids = sorted(CODES)
    at = ids.index(code.id)
    beside = [f"<a href='{one}.html'>{one}</a>" for one in (*ids[max(0, at - 1):at], *ids[at + 1:at + 2])]
    return f"<nav><a href='{INDEX}'>all codes · <span lang='zh'>全部代码</span></a> · {' · '.join(beside)}</nav>"


def _document(title: str, body: Sequence[str]) -> str:
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return "\n".join((
        "<!DOCTYPE html>", "<html lang='en'>", "<head>", "<meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width, initial-scale=1'>",
        f"<meta name='generator' content='{GENERATOR}'>",
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        f"<title>{escape(title)}</title>", f"<style>{_STYLE}</style>", "</head>", "<body>", *body, "</body>", "</html>",
        ""))


def _said(text: str) -> dict[Language, str]:
    """What is said of the wrong example of a page; nothing where it has none."""
    files = _BLOCK.findall(text.partition("\n## Wrong\n")[2].partition("\n## ")[0])
    if not files:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files:
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, "utf-8")
        found = compile_project(Path(folder)).reviewed(dt.datetime.now(dt.UTC).date())
    languages: tuple[Language, ...] = ("en", "zh")
    return {language: render(found, format="text", language=language) for language in languages}


# --- Markdown, as much of it as the pages use ----------------------------------------------------------------------


def _blocks(lines: Sequence[str]) -> Iterator[str]:
    """Paragraphs, lists, and blocks of code with the names of their files."""
    held: list[str] = []
    fence: str | None = None
    for line in (*lines, ""):
        if fence is not None:
            if line.startswith("```"):
                yield _listing("\n".join(held), fence)
                held, fence = [], None
            else:
                held.append(line)
        elif line.startswith("```"):
            fence = line.strip("`").partition(" ")[2]
        elif line.strip():
            held.append(line)
        elif held:
            yield from _paragraph(held)
            held = []


def _paragraph(lines: Sequence[str]) -> Iterator[str]:
    if not lines[0].startswith("- "):
        yield f"<p>{_inline(' '.join(lines))}</p>"
        return
    items = "\n".join(lines).removeprefix("- ").split("\n- ")
    yield "<ul>" + "".join(f"<li>{_inline(item)}</li>" for item in items) + "</ul>"


def _listing(text: str, name: str = "") -> str:
    caption = f"<figcaption>{escape(name)}</figcaption>" if name else ""
    return f"<figure>{caption}<pre tabindex='0'><code>{escape(text)}</code></pre></figure>"


def _inline(text: str) -> str:
    """Text with its code between backticks marked."""
    return _CODE.sub(lambda code: f"<code>{code[1] or code[2]}</code>", escape(text, quote=False))
