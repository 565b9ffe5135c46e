"""What all tests share: the option that refills derived blocks, and the folder of real data."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]

# A busy machine is not a fault of the code; what fails prints how to make it fail again.
settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register `--accept`."""
    parser.addoption("--accept", action="store_true", help="refill the derived blocks of case files (sql, plan, "
                     "diagnostics, console) with what comes out now; an `expect` block is never written")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many inputs were tried by tests that try many (tests/fuzz)."""
    reports = terminalreporter.getreports("passed")
    tried = sum(count for report in reports for name, count in report.user_properties if name == "inputs")
    if tried:
        terminalreporter.write_line(f"{tried:,} inputs were tried")


@pytest.fixture(scope="module")
def settled_heap() -> Iterator[None]:
    """What is in memory is looked at no more when garbage is collected: `multipletests` asks for that in every call."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="session")
def accept(request: pytest.FixtureRequest) -> bool:
    """Whether derived blocks are to be refilled instead of compared."""
    return bool(request.config.getoption("--accept"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of measured data with published results, which lies beside the repository and never in it."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real data are not part of the repository, and ../shared/data is not there")
    return folder


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the caller's surroundings."""
    for name in ("CXMETRICS_LANG", "CXMETRICS_DEBUG", "NO_COLOR", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CXMETRICS_CACHE", "")


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project that has been run."""
    from cxmetrics.cli.command import status_of

    folder = tmp_path_factory.mktemp("cli") / "bank"
    assert status_of(["init", str(folder)]) == 0
    assert status_of(["run", str(folder)]) == 0
    return folder


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the data files that are opened."""
    from cxmetrics.backends import readers

    names, real = list[str](), readers._converted

    def converted(files: tuple[Path, ...], scratch: Path) -> tuple[Path, ...]:
        names.extend(path.name for path in files)
        return real(files, scratch)
    monkeypatch.setattr(readers, "_converted", converted)
    return names
