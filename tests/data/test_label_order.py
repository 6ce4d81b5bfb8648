"""The order of labels: numbers by value, anything else naturally."""

import pytest

from core.data.label_order import sorted_labels


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"10", "9", "-1"}, ["-1", "9", "10"]),
        ({"0.5", "0", "1.25"}, ["0", "0.5", "1.25"]),
        ({"item 10", "item 9", "Item 1"}, ["Item 1", "item 9", "item 10"]),
        ({"b", "A", "c"}, ["A", "b", "c"]),
        ({"03", "2"}, ["2", "03"]),
        ({"v03", "v2"}, ["v2", "v03"]),
        ({"x", "9" * 5000, "1"}, ["1", "9" * 5000, "x"]),
    ],
)
def test_sorted_labels(labels, expected):
    assert sorted_labels(labels) == expected
