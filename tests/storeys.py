"""How the storeys of the addon hang together, read from the sources.

Odoo's real dependencies go through ``self.env["…"]`` and names of methods, which no
linter of imports sees."""

import ast
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
ADDON = ROOT / "inboost_connector"
STOREYS = ("outbox", "bonuses", "customers", "register", "sale")
#: Wizards belong to the storey whose models they are about.
WIZARDS = {
    "base_module_uninstall": "outbox",
    "inboost_event_decide": "outbox",
    "inboost_profile_import": "outbox",
    "inboost_expiring_preview": "bonuses",
    "loyalty_card_update_balance": "bonuses",
    "loyalty_generate_wizard": "bonuses",
    "base_partner_merge": "customers",
    "inboost_customer_find": "customers",
    # It leads through all of them.
    "inboost_setup": "register",
}


@dataclass
class Source:
    """:ivar opens: names of the models that the file opens
    :ivar methods: {name of a model: names of what the file gives it}
    :ivar defines: names of methods and fields, and of new models
    :ivar uses: {name of a model of ours or of a method: line}"""

    path: Path
    storey: str
    opens: list = field(default_factory=list)
    methods: dict = field(default_factory=dict)
    defines: set = field(default_factory=set)
    models: set = field(default_factory=set)
    uses: dict = field(default_factory=dict)


def sources():
    """:return: list of Source, of both addons"""
    found = []
    for storey in STOREYS[:-1]:
        found += [(path, storey) for path in (ADDON / "models" / storey).glob("*.py")]
    found += [
        (ADDON / "wizards" / f"{name}.py", storey) for name, storey in WIZARDS.items()
    ]
    found += [
        (path, "sale") for path in (ROOT / "inboost_connector_sale/models").glob("*.py")
    ]
    return [
        read(path, storey)
        for path, storey in sorted(found)
        if path.name != "__init__.py"
    ]


def read(path, storey, text=None):
    source = Source(path, storey)
    tree = ast.parse(text or path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            read_class(node, source)
        elif isinstance(node, ast.Attribute):
            source.uses.setdefault(node.attr, node.lineno)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node.value.startswith("inboost.") and " " not in node.value:
                source.uses.setdefault(node.value, node.lineno)
    return source


def read_class(node, source):
    values = {
        target.id: item.value
        for item in node.body
        if isinstance(item, ast.Assign)
        for target in item.targets
        if isinstance(target, ast.Name)
    }
    if not values.keys() & {"_name", "_inherit"}:
        return
    name = values.get("_name") or values["_inherit"]
    source.opens.append(ast.literal_eval(name))
    inherits = values.get("_inherit")
    if "_name" in values and (
        inherits is None or ast.literal_eval(name) not in ast.literal_eval(inherits)
    ):
        source.models.add(ast.literal_eval(name))
    methods = {n.name for n in node.body if isinstance(n, ast.FunctionDef)}
    source.methods.setdefault(ast.literal_eval(name), set()).update(methods)
    source.defines |= {name for name in values if not name.isupper()} | methods


def reaching_up(found):
    """Names that a lower storey uses and only upper ones define.

    :return: list of texts "file:line uses name of storey"
    """
    owners = {}
    for source in found:
        for name in source.models | {n for n in source.defines if is_ours(n)}:
            owners.setdefault(name, set()).add(source.storey)
    faults = []
    for source in found:
        place = STOREYS.index(source.storey)
        for name, line in source.uses.items():
            storeys = owners.get(name)
            if storeys and min(map(STOREYS.index, storeys)) > place:
                where = f"{source.path.relative_to(ROOT)}:{line}"
                faults.append(f"{where} uses {name} of {'/'.join(sorted(storeys))}")
    return faults


def is_ours(name):
    """Odoo's own names, which every storey may define, are nobody's."""
    return name not in ODOO_NAMES and not name.startswith("__")


ODOO_NAMES = set(
    """
    _auto _name _inherit _description _order _rec_name _check_company_auto _trigger
    create write unlink load copy_data name active state company_id partner_id
    reason text kind time phone uuid operation
    """.split()
)
