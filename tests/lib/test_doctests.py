import doctest
import importlib

import pytest

from .conftest import ADDON

MODULES = [path.stem for path in sorted((ADDON / "lib").glob("*.py"))]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_are_true(name):
    module = importlib.import_module(f"inboost_connector.lib.{name}")
    assert doctest.testmod(module).failed == 0
