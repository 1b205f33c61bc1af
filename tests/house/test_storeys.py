"""The house stands: no storey uses one above it, each file opens what it is named
after, and nothing hangs on the order of imports of constants."""

import ast
from collections import Counter

import pytest

from tests import storeys


@pytest.fixture(scope="module")
def found():
    return storeys.sources()


def test_no_storey_uses_one_above_it(found):
    assert storeys.reaching_up(found) == []


@pytest.mark.parametrize(
    "planted",
    [
        "self.env['inboost.sync.run'].search([])",
        "self.env['inboost.bonus.move']._capture_facts()",
        "self.partner_id.inboost_customer_ids",
        "self._filter_linked(self)",
    ],
)
def test_a_planted_use_of_an_upper_storey_is_found(found, planted):
    text = (
        "class X(models.Model):\n    _name = 'inboost.planted'\n"
        f"    def _planted(self):\n        {planted}\n"
    )
    path = storeys.ADDON / "models/outbox/inboost_planted.py"
    source = storeys.read(path, "outbox", text)
    assert storeys.reaching_up([*found, source])


def test_each_file_opens_the_model_that_it_is_named_after(found):
    for source in found:
        if source.path.parent.name == "wizards":
            continue
        first = source.opens[0].replace(".", "_")
        assert source.path.stem.startswith(first), source.path
        assert len(set(source.opens)) == 1, f"{source.path} opens {source.opens}"


def test_at_most_two_files_of_a_storey_open_one_model(found):
    counts = Counter((source.storey, source.opens[0]) for source in found)
    assert {key: n for key, n in counts.items() if n > 2} == {}


def test_the_backend_has_few_methods(found):
    methods = [
        name
        for source in found
        if "inboost.backend" in source.opens and source.storey != "sale"
        for name in methods_of(source.path)
    ]
    assert len(set(methods)) <= 45


def methods_of(path):
    return [
        node.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    ]


def test_models_import_no_models():
    """What several of them need is in lib: then no import carries the load order."""
    for path in storeys.ADDON.glob("models/*/*.py"):
        if path.name == "__init__.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level:
                assert node.module.startswith("lib"), f"{path} imports {node.module}"
                assert node.level == 3


def test_each_model_is_defined_before_it_is_extended():
    """The order of imports in the packages is enough to build the models."""
    defined = set()
    for storey in storeys.STOREYS[:-1]:
        package = storeys.ADDON / "models" / storey
        order = [
            name.name
            for node in ast.parse((package / "__init__.py").read_text()).body
            for name in node.names
        ]
        files = {path.stem for path in package.glob("*.py")} - {"__init__"}
        assert files == set(order)
        for name in order:
            source = storeys.read(package / f"{name}.py", storey)
            for model in source.opens:
                if model.startswith("inboost."):
                    assert model in defined | source.models, f"{name}: {model}"
            defined |= source.models


def test_no_file_is_long(found):
    lines = {s.path.name: len(s.path.read_text().splitlines()) for s in found}
    assert {name: count for name, count in lines.items() if count > 400} == {}
