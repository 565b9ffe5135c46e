"""What a compilation does to the program around it."""

import gc

import pytest

import cxmetrics.compile
from cxmetrics.compile import compile_sources


@pytest.fixture
def collecting():
    """The collector of cycles, put back as it was."""
    was = gc.isenabled()
    yield
    (gc.enable if was else gc.disable)()


@pytest.mark.usefixtures("collecting")
@pytest.mark.parametrize("wanted", [True, False])
def test_the_collector_of_cycles_rests_meanwhile_and_is_left_as_it_was(monkeypatch, wanted):
    seen = []

    def load(*_):
        seen.append(gc.isenabled())
        raise OSError("no")

    monkeypatch.setattr(cxmetrics.compile, "load", load)
    (gc.enable if wanted else gc.disable)()
    with pytest.raises(OSError, match="no"):
        compile_sources([])
    assert seen == [False]
    assert gc.isenabled() == wanted
