"""The rules of the house (CONTRIBUTING.md), held by reading the code.  A failure says the rule, then who breaks it."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from statistics import median

import pytest

import cxmetrics
from cxmetrics.diagnostics import Code

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "cxmetrics"

# Lowest first.  A module imports from the layers below it and, within its layer, from those named before it.
LAYERS = (
    ("quick", "pauses", "amid", "assets", "folders", "addresses", "source", "tables", "scales", "units", "patterns",
     "windows", "days", "pseudonyms", "nearness", "sketches", "deliveries", "crews", "budgets"),
    ("diagnostics",),
    ("syntax", "functions", "schema", "keys"),
    ("score_rules", "composite_rules", "codes", "benchmarks", "weights", "ir", "walks", "plan", "calendars"),
    ("load", "parse"),
    ("resolve", "check", "lower", "fuse", "layout"),
    ("lints", "allowances", "compile", "recompile", "revisions"),
    ("statistics",),
    ("backends",),
    ("disclosure", "states", "evaluate"),
    ("store", "scratch"),
    ("run", "query", "replay", "testing", "preview", "coverage", "moves"),
    ("render", "sample", "reference"),
    ("lsp",),
    ("cli",),
    ("__main__",),
)
ORDER = {name: rank for rank, name in enumerate(name for layer in LAYERS for name in layer)}

# One library, one door: who may import it.
DOORS = {
    "yaml": {"load"},
    "lark": {"parse"},
    "pydantic": {"schema", "load"},
    "duckdb": {"backends.duckdb"},
    "polars": {"backends", "states", "evaluate", "store", "run", "query", "replay", "testing", "preview", "coverage",
               "moves", "sample"},
    "sqlite3": {"store.ledger", "backends.databases"},
    "psycopg": {"backends.databases"},
    "pymysql": {"backends.databases"},
    "scipy": {"statistics"},
    "numpy": {"statistics", "disclosure", "states", "evaluate", "sample"},
    "click": {"cli"},
    "rich": {"cli"},
}
# A verb imports what it needs, an engine waits to be chosen, Lark for a fault.
LAZY = {"cli", "backends", "parse"}

PLAIN_BASES = {"Exception", "BaseModel", "Draft", "RootModel", "Protocol", "NamedTuple", "TypedDict", "Enum", "StrEnum",
               "IntEnum", "Generic", "str", "list", "dict", "local"}
VAGUE = {"util", "utils", "helper", "helpers", "common", "core", "base", "manager", "handler"}
# Written so that the patterns do not find themselves.
FOREIGN = {
    "the address of a package index": re.compile(r"[p]ypi\.org|[p]ythonhosted|[n]pmjs\.|[-]-index-url\s*=?\s*\w+:"),
    "a path of somebody's machine": re.compile(r"(?<![\w.$}~:/-])/(?:[r]oot|[h]ome|[U]sers|[w]ork|[t]mp|[o]pt)/\w"),
}


@dataclass(frozen=True)
class Module:
    """A module of the package: `backends.sql`, its file and its syntax tree."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def top(self):
        return self.name.partition(".")[0]

    def at(self, node):
        return f"{self.path.relative_to(ROOT)}:{node.lineno}"


@dataclass(frozen=True)
class Import:
    """One imported module, by its whole name, and whether that happens inside a function."""

    target: str
    node: ast.stmt
    lazy: bool


@cache
def modules() -> tuple[Module, ...]:
    paths = sorted(PACKAGE.rglob("*.py"))
    return tuple(Module(_name(path), path, ast.parse(path.read_text("utf-8"))) for path in paths)


def _name(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts) or "__init__"


def imports(module: Module) -> Iterator[Import]:
    inside = {id(node) for function in functions(module.tree) for node in ast.walk(function)}
    for node in ast.walk(module.tree):
        match node:
            case ast.Import(names=names):
                yield from (Import(name.name, node, id(node) in inside) for name in names)
            case ast.ImportFrom(module=str(package), names=names, level=0):
                yield from (Import(f"{package}.{name.name}", node, id(node) in inside) for name in names)


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def classes(module: Module) -> Iterator[ast.ClassDef]:
    return (node for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef))


def within(name: str, places: Iterable[str]) -> bool:
    return any(name == place or name.startswith(f"{place}.") for place in places)


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, without the docstring: what is to be explained at length may be."""
    lines = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function, clean=False) is None:
        return lines
    return lines - (function.body[0].end_lineno - function.body[0].lineno + 1)


def obey(rule: str, broken: Iterable[str]) -> None:
    found = sorted(broken)
    if found:
        pytest.fail("\n  ".join([f"rule of the house: {rule}", *found]), pytrace=False)


def test_every_module_has_a_layer():
    obey("every module stands in a layer (LAYERS in tests/test_house.py)",
         {m.top for m in modules() if m.top not in ORDER and m.name != "__init__"})


def test_imports_go_down():
    obey("a module imports only from the layers below it, and within its layer from those named before it",
         (f"{m.at(i.node)} {m.top} imports {target}" for m in modules() if m.top in ORDER
          for i in imports(m) if i.target.startswith("cxmetrics.")
          for target in [i.target.split(".")[1]]
          if target in ORDER and target != m.top and ORDER[target] > ORDER[m.top]))


def test_imports_are_absolute():
    obey("imports are absolute: from cxmetrics.x import y",
         (m.at(node) for m in modules() for node in ast.walk(m.tree)
          if isinstance(node, ast.ImportFrom) and node.level))


def test_one_library_one_door():
    obey("a library is imported at its one door (DOORS in tests/test_house.py)",
         (f"{m.at(i.node)} imports {library}, whose door is {', '.join(sorted(DOORS[library]))}"
          for m in modules() for i in imports(m) for library in [i.target.partition(".")[0]]
          if library in DOORS and not within(m.name, DOORS[library])))


def test_what_is_imported_is_declared():
    declared = {*DOORS, "cxmetrics", *sys.stdlib_module_names}
    obey("a library the package imports is a dependency with a door (DOORS in tests/test_house.py)",
         (f"{m.at(i.node)} imports {i.target}" for m in modules() for i in imports(m)
          if i.target.partition(".")[0] not in declared))


def test_imports_stand_at_the_top():
    obey("imports stand at the top; only verbs of the command line, the choice of an engine and Lark may wait",
         (f"{m.at(i.node)} imports {i.target}" for m in modules() if not within(m.name, LAZY)
          for i in imports(m) if i.lazy))


def test_files_and_lines_are_short():
    paths = [p for folder in ("cxmetrics", "tests", "benchmarks", "grammar") for p in (ROOT / folder).rglob("*")
             if p.suffix in {".py", ".lark"}]
    texts = {p: p.read_text("utf-8").splitlines() for p in paths}
    obey("a file has at most 400 lines",
         (f"{p.relative_to(ROOT)}: {len(lines)}" for p, lines in texts.items() if len(lines) > 400))
    obey("a line has at most 120 characters",
         (f"{p.relative_to(ROOT)}:{number}: {len(line)}" for p, lines in texts.items()
          for number, line in enumerate(lines, 1) if len(line) > 120))


def test_functions_are_short():
    obey("a function has at most 40 lines, its docstring not counted",
         (f"{m.at(f)} {f.name}: {length(f)}" for m in modules() for f in functions(m.tree) if length(f) > 40))


def test_most_functions_are_very_short():
    middle = median([length(f) for m in modules() for f in functions(m.tree)] or [0])
    obey("half of the functions have at most 8 lines", [f"the median is {middle}"] if middle > 8 else [])


def test_public_things_have_docstrings():
    obey("a public module, class, function or method has a docstring",
         (f"{m.path.relative_to(ROOT)} {name}" for m in modules() for name, node in public(m)
          if not ast.get_docstring(node)))


def public(module: Module) -> Iterator[tuple[str, ast.AST]]:
    yield "the module", module.tree
    yield from _public_in(module.tree, "")


def _public_in(parent, prefix):
    for node in parent.body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
            continue
        if not any(ast.unparse(d).endswith(("overload", ".setter")) for d in node.decorator_list):
            yield prefix + node.name, node
        if isinstance(node, ast.ClassDef):
            yield from _public_in(node, f"{node.name}.")


def test_inheritance_is_one_deep():
    bases = {c.name: [ast.unparse(b).partition("[")[0] for b in c.bases] for m in modules() for c in classes(m)}
    deep = {f"{name}({base})" for name, parents in bases.items() for base in parents
            if not _plain(base) and not all(map(_plain, bases.get(base, ["unknown"])))}
    obey("a class derives from nothing, from a plain base (PLAIN_BASES in tests/test_house.py), or from a class "
         "of ours that does", deep)


def _plain(base):
    return base.startswith("click.") or base.rpartition(".")[2] in PLAIN_BASES


def test_records_are_frozen():
    obey("a dataclass is frozen", (f"{m.at(c)} {c.name}" for m in modules() for c in classes(m)
                                   for d in map(ast.unparse, c.decorator_list)
                                   if re.match(r"(dataclasses\.)?dataclass\b", d) and "frozen=True" not in d))


def test_names_say_something():
    named = [(m.path.relative_to(ROOT), m.name) for m in modules()]
    named += [(m.at(node), node.name) for m in modules() for node in (*classes(m), *functions(m.tree))
              if not node.name.startswith("__")]  # those were named elsewhere
    obey(f"nothing is called {', '.join(sorted(VAGUE))}",
         (f"{place} {name}" for place, name in named if VAGUE & set(_words(name))))


def _words(name):
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower().replace(".", "_").split("_")


def test_files_name_no_index_and_no_machine():
    obey("a file of the project names no package index and no path of a machine",
         (f"{path.relative_to(ROOT)}:{number} {what}: {line.strip()[:100]}"
          for path in project_files() for number, line in enumerate(_lines(path), 1)
          for what, pattern in FOREIGN.items() if pattern.search(line)))


def project_files() -> list[Path]:
    """The files that are in Git or would be with the next commit."""
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("not a Git checkout: nobody knows which files are the project's")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


def _lines(path):
    content = path.read_bytes()
    return [] if b"\0" in content else content.decode("utf-8", "replace").splitlines()


@cache
def catalogue() -> tuple[Code, ...]:
    """Every row of the catalogue of codes, each once."""
    if not (PACKAGE / "codes").exists() and not (PACKAGE / "codes.py").exists():
        pytest.skip("there is no catalogue of codes")
    package = import_module("cxmetrics.codes")
    parts = [import_module(f"cxmetrics.codes.{part.name}") for part in iter_modules(getattr(package, "__path__", ()))]
    rows = {id(row): row for part in (package, *parts) for thing in vars(part).values() for row in _rows(thing)}
    return tuple(rows.values())


def _rows(thing):
    match thing:
        case Code():
            return [thing]
        case dict():
            return [row for row in thing.values() if isinstance(row, Code)]
        case tuple() | list() | set() | frozenset():
            return [row for row in thing if isinstance(row, Code)]
        case _:
            return []


def test_an_id_of_a_code_is_used_once():
    ids = [row.id for row in catalogue()]
    obey("a code's id is CX and three digits, and belongs to one row",
         {i for i in ids if ids.count(i) > 1 or not re.fullmatch(r"CX\d{3}", i)})


def test_codes_and_pages_match():
    rows = {row.id for row in catalogue()}
    pages = {page.stem for page in (PACKAGE / "codes").glob("CX*.md")}
    obey("every code has a page cxmetrics/codes/CXnnn.md, and every page a code",
         {f"{i}: no page" for i in rows - pages} | {f"{i}: no code" for i in pages - rows})


def test_version_is_said_once():
    project = _toml()["project"]
    obey("cxmetrics.__version__ and pyproject.toml say the same version",
         [] if cxmetrics.__version__ == project["version"] else [cxmetrics.__version__, project["version"]])


def test_dependencies_are_locked():
    project, build = _toml()["project"], _toml()["build-system"]["requires"]
    extras = [r for part in project["optional-dependencies"].values() for r in part]
    wanted = {"requirements.lock": project["dependencies"], "requirements-build.lock": build,
              "requirements-dev.lock": [*project["dependencies"], *extras]}
    obey("every requirement is pinned in its lock file, with hashes; `make lock` writes them",
         (f"{lock}: {name}" for lock, requirements in wanted.items() for name in map(_distribution, requirements)
          if not re.search(rf"(?m)^{name}==\S+ \\\n +--hash=sha256:", (ROOT / lock).read_text("utf-8"))))


def test_locks_agree():
    pins = [line for lock in ROOT.glob("requirements*.lock") for line in lock.read_text("utf-8").splitlines()
            if "==" in line]
    versions = {pin: pin.partition("==")[0] for pin in pins}
    names = list(versions.values())
    obey("the lock files pin one version of a package",
         {pin for pin, name in versions.items() if names.count(name) > 1})


def _toml():
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def _distribution(requirement):
    return re.match(r"[\w.-]+", requirement).group().lower()
