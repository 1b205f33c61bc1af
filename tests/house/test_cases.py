"""The tests that docs/architecture.rst names exist."""

import re

import pytest

from tests.storeys import ROOT

NAMED = re.compile(r"``((?:\w+/)?test_\w+)(?:::(test_\w+))?``")
#: Where the first word of a name leads, if not to a folder of the addon's tests.
PLACES = {
    "lib": "tests/lib",
    "e2e": "tests/e2e",
    "lives": "tests/lives",
    "upgrade": "tests/upgrade",
    "house": "tests/house",
    "sale": "inboost_connector_sale/tests",
}
TEXT = (ROOT / "docs" / "architecture.rst").read_text()


@pytest.mark.parametrize("file, name", sorted(set(NAMED.findall(TEXT))))
def test_a_named_test_exists(file, name):
    place, _slash, stem = file.partition("/")
    folder = ROOT / PLACES.get(place, f"inboost_connector/tests/{place}")
    path = folder / f"{stem}.py"
    assert path.exists()
    assert not name or f"def {name}(" in path.read_text()
