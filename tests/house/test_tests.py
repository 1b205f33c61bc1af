"""Odoo runs the tests that a package imports: none is forgotten."""

import ast

import pytest

from tests.storeys import ROOT

#: Without those that only tests/e2e can test.
ADDONS = sorted(path.parent for path in ROOT.glob("inboost_connector*/tests"))


@pytest.mark.parametrize("addon", ADDONS, ids=lambda path: path.name)
def test_each_test_file_is_imported(addon):
    package = addon / "tests" / "__init__.py"
    imported = {
        name.name
        for node in ast.walk(ast.parse(package.read_text()))
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }
    files = {path.stem for path in (addon / "tests").rglob("test_*.py")}
    assert files - imported == set()
