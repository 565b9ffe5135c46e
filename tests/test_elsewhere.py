"""What other languages call what is called otherwise here: each way round is one."""

import pytest

from cxmetrics.functions import all_names
from cxmetrics.parse import parse
from cxmetrics.resolve.elsewhere import AGAINST_ZERO, RENAMED, SAID
from cxmetrics.source import Located, Source


def test_none_of_the_words_is_a_function():
    words = [*RENAMED, *SAID, *AGAINST_ZERO]
    assert len(set(words)) == len(words)
    assert not set(words) & set(all_names())
    assert all(word == word.lower() for word in words)


def test_what_they_are_called_here_is_a_function():
    assert set(RENAMED.values()) <= set(all_names())


@pytest.mark.parametrize("said", sorted(set(SAID.values())))
def test_what_is_said_in_other_words_can_be_read(said):
    _, found = parse(Located(said, Source("formula.yaml", said), 0, len(said)))
    assert not found
