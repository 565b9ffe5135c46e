"""What ships beside the code: the grammar of formulas and the library of definitions.

In a checkout both stand at the top of the repository; in an installed wheel they lie inside the package.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def grammar(name: str) -> str:
    """The text of the grammar file `name`, such as `formula.lark`; FileNotFoundError if there is none."""
    return (_folder("grammar") / name).read_text(encoding="utf-8")


def grammar_folder() -> Path:
    """The folder of the grammar files."""
    return _folder("grammar")


def definitions() -> Path:
    """The folder of the definitions that ship with cxmetrics; to be read, never written."""
    return _folder("definitions")


def _folder(name: str) -> Path:
    packed = _PACKAGE / f"_{name}"
    return packed if packed.is_dir() else _PACKAGE.parent / name
