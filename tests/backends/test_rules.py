"""What every engine takes written values for."""

import pytest

from cxmetrics.backends.rules import numbers_in


@pytest.mark.parametrize(("text", "number"), [
    ("99", [99.0]), ("+9.50", [9.5]), (".5", [0.5]), ("1e3", [1000.0]), ("-0", [-0.0]),
    ("1_0", []), (" 9 ", []), ("９", []), ("9\n", []), ("0x9", []), ("nan", []), ("1e999", []), ("", [])])
def test_codes_that_are_numbers(text, number):
    assert numbers_in([text]) == number
