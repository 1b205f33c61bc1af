"""The addon loads because of the order in its packages, which says so, and not because
one file happens to import a constant."""

import ast
import json
import shutil
import subprocess
import sys

import pytest

from tests.storeys import ADDON

#: Import the addon in ``argv[1]`` as Odoo does, and say which classes it defines in
#: which order.
LOAD = """
import json, sys
import odoo.addons
from odoo import models
odoo.addons.__path__ = [sys.argv[1], *odoo.addons.__path__]
import odoo.addons.inboost_connector as addon
assert addon.__file__.startswith(sys.argv[1]), addon.__file__
classes = models.MetaModel._module_to_models__["inboost_connector"]
print(json.dumps([
    [cls._name, [cls._inherit] if isinstance(cls._inherit, str) else cls._inherit or []]
    for cls in classes]))
"""


@pytest.fixture
def copy(tmp_path):
    """The addon without the imports that its models do not need to be imported."""
    folder = tmp_path / "inboost_connector"
    shutil.copytree(ADDON, folder, ignore=shutil.ignore_patterns("tests", "static"))
    removed = sum(map(strip, folder.glob("models/*/*.py")))
    assert removed > 50
    return folder


def strip(path):
    """Take out what only the bodies of methods use of lib.

    :return: how many names
    """
    tree = ast.parse(path.read_text())
    needed = set(names_at_import(tree))
    removed = 0
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.level:
            kept = [n for n in node.names if (n.asname or n.name) in needed]
            removed += len(node.names) - len(kept)
            node.names = kept
    tree.body = [
        node for node in tree.body if not isinstance(node, ast.ImportFrom) or node.names
    ]
    if path.name != "__init__.py":
        path.write_text(ast.unparse(tree))
        return removed
    return 0


def names_at_import(node):
    """Names that are read when ``node`` is executed: not in bodies of functions."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Name):
            yield child.id
        if isinstance(child, ast.FunctionDef):
            for part in (child.args, *child.decorator_list):
                yield from names_at_import(ast.Expression(part))
        elif not isinstance(child, ast.Lambda):
            yield from names_at_import(child)


def load(folder):
    """:return: list of faults"""
    done = subprocess.run(
        [sys.executable, "-c", LOAD, str(folder.parent)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    known, faults = set(), []
    for name, inherits in json.loads(done.stdout):
        faults += [
            f"{name} needs {other}, which comes later"
            for other in inherits
            if other.startswith("inboost.") and other not in known
        ]
        known.add(name)
    assert len(known) > 20
    return faults


def test_the_order_of_the_packages_builds_the_models(copy):
    assert load(copy) == []


@pytest.mark.parametrize("storey", ["", "outbox"])
def test_another_order_is_noticed(copy, storey):
    path = copy / "models" / storey / "__init__.py"
    lines = [line for line in path.read_text().splitlines() if line.startswith("from")]
    path.write_text("\n".join(reversed(lines)))
    assert load(copy)
