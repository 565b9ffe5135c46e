"""Constructors that fill slots themselves make what those of the library make."""

from copy import copy
from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from cxmetrics.quick import quick


@dataclass(frozen=True, slots=True)
class Slow:
    name: str
    place: int = field(compare=False)
    size: int = 1
    parts: tuple[int, ...] = ()
    loud: bool = field(default=False, kw_only=True)


@quick
@dataclass(frozen=True, slots=True)
class Quick:
    name: str
    place: int = field(compare=False)
    size: int = 1
    parts: tuple[int, ...] = ()
    loud: bool = field(default=False, kw_only=True)


@pytest.mark.parametrize(("args", "named"), [
    (("a", 1), {}), (("a",), {"place": 2}), (("a", 1, 7, (1, 2)), {"loud": True}), ((), {"place": 3, "name": "b"})])
def test_it_makes_the_same(args, named):
    made, wanted = Quick(*args, **named), Slow(*args, **named)
    for name in Slow.__slots__:
        assert getattr(made, name) == getattr(wanted, name)
    assert repr(made) == repr(wanted).replace("Slow", "Quick")


@pytest.mark.parametrize(("args", "named"), [(("a",), {}), (("a", 1, 1, (), True), {}), (("a", 1), {"other": 1})])
def test_it_takes_the_same(args, named):
    for cls in (Slow, Quick):
        with pytest.raises(TypeError):
            cls(*args, **named)


def test_what_is_made_is_frozen_equal_and_can_be_copied():
    made = Quick("a", 1)
    with pytest.raises(FrozenInstanceError):
        made.name = "b"
    assert made == Quick("a", 2) == copy(made)
    assert hash(made) == hash(Quick("a", 2))
    assert replace(made, size=3) == Quick("a", 1, 3)


def test_what_is_made_anew_for_each_is_refused():
    @dataclass(frozen=True, slots=True)
    class Listed:
        items: list[int] = field(default_factory=list)

    with pytest.raises(TypeError, match=r"Listed\.items is made anew for each"):
        quick(Listed)
