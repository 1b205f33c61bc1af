"""Every screen of ours, from a database that has a record in every state."""

import json
import re
from dataclasses import dataclass
from xml.etree import ElementTree

from tests.support.screen_records import MAKE

#: Lists of Odoo's own to which we add filters.
GUESTS = {"res.partner": ("list", "kanban")}


@dataclass
class Screen:
    """:ivar about: what tells it from others of its model and view
    :ivar action: what the client opens
    :ivar refused: whether this role may not see it, and is told so in words
    :ivar filled: whether a list without rows would prove nothing"""

    model: str
    view: str
    about: str
    action: dict | int
    refused: bool = False
    filled: bool = False

    @property
    def name(self):
        parts = (self.model, self.view if self.view != "form" else "", self.about)
        return re.sub(r"[^\w.-]+", "-", "-".join(filter(None, parts)))

    @property
    def selector(self):
        dialog = isinstance(self.action, dict) and self.action["target"] == "new"
        return f"{'.modal' if dialog else '.o_action_manager'} .o_{self.view}_view"


class Screens:
    """What there is to see in a database that has a record in every state."""

    def __init__(self, odoo):
        self.odoo = odoo
        done = odoo.shell(MAKE)
        found = re.search("^screens (.*)$", done.stdout, re.M)
        assert found, done.stdout[-2000:] + done.stderr[-2000:]
        self.seen = json.loads(found[1])

    def ids_of(self, model):
        return [id_ for name, id_, _about in self.seen["records"] if name == model]

    def selections(self, names):
        """:return: {model: {field: its values}}, of ours that have a form"""
        found = {}
        for model in {m for m, _id, kind in self.seen["views"] if kind == "form"}:
            fields = self.odoo.execute(model, "fields_get", names, ["selection"])
            found[model] = {
                name: {value for value, _title in field["selection"]}
                for name, field in fields.items()
                if "selection" in field
            }
        return {model: fields for model, fields in found.items() if fields}

    def of(self, role):
        """:return: list of Screen, what ``role`` meets"""
        return [*self._menus(role), *self._forms(role), *self._lists(role)]

    def _menus(self, role):
        menus = self.seen["menus"][role]
        return [Screen("menu", view, path, action) for path, action, view in menus]

    def _forms(self, role):
        for model, id_, about in self.seen["records"]:
            for view in self._views(model, "form") or [False]:
                allowed = self.seen["readable" if id_ else "creatable"][role]
                action = self._action(model, [[view, "form"]], res_id=id_)
                yield Screen(model, "form", about, action, model not in allowed)

    def _lists(self, role):
        for model, view, kind in self.seen["views"]:
            if kind not in ("form", "search") and model in self.seen["readable"][role]:
                yield from self._searched(model, view, kind, "")
        for model, kinds in GUESTS.items():
            for kind in kinds:
                yield from self._searched(model, False, kind, "inboost")

    def _searched(self, model, view, kind, word):
        """The view as it opens, and with each filter whose name has ``word``."""
        for search in self._views(model, "search") or [False]:
            extra = {"views": [[view, kind]], "search_view_id": [search, ""]}
            action = self._action(model, **extra)
            yield Screen(model, kind, "", action, filled=kind == "list")
            for name, value in self._filters(model, search):
                if word in name:
                    context = {f"search_default_{name}": value}
                    action = self._action(model, **extra, context=context)
                    yield Screen(model, kind, name, action)

    def _filters(self, model, search):
        """:return: iterable of (name, a value that is looked for)"""
        found = self.odoo.execute(model, "get_views", [[search, "search"]])
        fields = found["models"][model]["fields"]
        for node in ElementTree.fromstring(found["views"]["search"]["arch"]).iter():
            if node.tag == "filter" and not node.get("invisible"):
                yield node.get("name"), 1
            elif node.tag == "field":
                field = fields[node.get("name")]
                values = {
                    "many2one": 1,
                    "selection": (field.get("selection") or [""])[0],
                }
                yield node.get("name"), values.get(field["type"], "067")

    def _views(self, model, kind):
        return [
            id_
            for name, id_, other in self.seen["views"]
            if (name, other) == (model, kind)
        ]

    def _action(self, model, views, **values):
        dialog = model in self.seen["dialogs"]
        return {
            "type": "ir.actions.act_window",
            "name": model,
            "res_model": model,
            "views": views,
            "target": "new" if dialog else "current",
            "context": {"module": "inboost_connector"},
            **values,
        }
