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
    methods = set().union(
        *(s.methods.get("inboost.backend", ()) for s in found if s.storey != "sale")
    )
    assert 40 < len(methods) <= 45


def test_each_wizard_belongs_to_a_storey():
    wizards = {path.stem for path in (storeys.ADDON / "wizards").glob("*.py")}
    assert wizards - {"__init__"} == storeys.WIZARDS.keys()


def test_no_net_guards_itself():
    """A guard inside of what makes up for a failure would swallow the next one, and it
    would be taken for made up for."""
    nets = [
        (path.name, node.name, net)
        for path in storeys.ROOT.glob("inboost_connector*/models/**/*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
        for net in nets_of(node)
    ]
    assert len(nets) > 10
    assert [one for one in nets if one[1] == one[2]] == []


def nets_of(function):
    """:return: names of the methods that make up for what is guarded in ``function``"""
    for node in ast.walk(function):
        for part in node.elts[1:2] if isinstance(node, ast.Tuple) else ():
            if "_guard(" in ast.unparse(function) and isinstance(part, ast.Constant):
                if isinstance(part.value, str) and part.value.startswith("_"):
                    yield part.value


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


def test_no_file_is_long():
    lines = {
        str(path.relative_to(storeys.ROOT)): len(path.read_text().splitlines())
        for path in storeys.ROOT.glob("inboost_connector*/**/*.py")
        if "tests" not in path.parts
    }
    assert len(lines) > 150
    assert {name: count for name, count in lines.items() if count > 400} == {}
