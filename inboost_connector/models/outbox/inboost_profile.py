import json

from odoo import Command, api, models
from odoo.exceptions import UserError
from odoo.tools import file_open

from ...lib.operations import OPERATIONS

#: Of a backend: how it wants to be asked, without who asks.
OF_BACKEND = (
    "auth_kind",
    "auth_header",
    "auth_prefix",
    "token_address",
    "token_scope",
    "phone_style",
    "pace",
)
OF_ENDPOINT = (
    "kind",
    "authorised",
    "method",
    "address",
    "query",
    "headers",
    "body_format",
    "body",
    "batch_size",
    "batch_body",
    "answers_path",
    "guarantee",
    "enabled",
    "shelf_life_days",
    "failure_path",
    "repeat_path",
    "received_path",
    "text_path",
    "not_found",
    "conflict",
    "web_page",
    "rows_path",
    "total_path",
    "next_path",
    "row_map",
    "paging",
    "page_size",
    "incremental",
)
TYPES = {
    "char": str,
    "text": str,
    "boolean": bool,
    "integer": int,
    "float": int | float,
}
VERSION = 1
FOLDER = "inboost_connector/data/profiles"


class InboostProfile(models.AbstractModel):
    """All endpoints of a backend as one JSON object: how a platform is spoken to,
    without secrets and without addresses of webhooks."""

    _name = "inboost.profile"
    _description = "InBoost Profile"

    # -- out -----------------------------------------------------------------------

    @api.model
    def _export(self, backend):
        """:return: dict of JSON; what is empty is left out"""
        return {
            "inboost_profile": VERSION,
            "name": backend.name,
            "backend": self._read(backend, OF_BACKEND),
            "endpoints": {
                endpoint.operation: self._read_endpoint(endpoint)
                for endpoint in backend.endpoint_ids
            },
        }

    @api.model
    def _prepare_copies(self, backend):
        """Commands that make the endpoints of a copy of ``backend``, which does not
        write to the same webhooks."""
        commands = []
        for endpoint in backend.endpoint_ids:
            values = self._read_endpoint(endpoint)
            # Whoever copies may enter an address, and not write the field.
            values["address_entry"] = values.pop("address", False)
            commands.append(
                Command.create(
                    {
                        "operation": endpoint.operation,
                        "known": endpoint.known,
                        **values,
                    }
                )
            )
        return commands

    @api.model
    def _read_endpoint(self, endpoint):
        values = self._read(endpoint.sudo(), OF_ENDPOINT)
        if endpoint._has_secret_address():
            values.pop("address", None)
        if endpoint.authorised == (endpoint.kind == "api"):
            values.pop("authorised", None)
        return values

    @api.model
    def _read(self, record, names):
        """What a new record would have is left out."""
        defaults = record.browse().default_get(list(names))
        empty = {"boolean": False, "integer": 0, "float": 0}
        return {
            name: record[name] or empty.get(record._fields[name].type, "")
            for name in names
            if (record[name] or False) != defaults.get(name, False)
        }

    @api.model
    def _dump(self, profile):
        return json.dumps(profile, ensure_ascii=False, indent=2) + "\n"

    # -- in ------------------------------------------------------------------------

    @api.model
    def _parse(self, text):
        """:raise UserError: when ``text`` is not a profile that can be read here"""
        try:
            profile = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise UserError(self.env._("This is not JSON: %s", error)) from error
        if not isinstance(profile, dict) or profile.get("inboost_profile") != VERSION:
            raise UserError(
                self.env._(
                    'This is not a profile: it begins with {"inboost_profile": %s, …}.',
                    VERSION,
                )
            )
        self._check_part("inboost.backend", profile.get("backend"), OF_BACKEND)
        endpoints = profile.get("endpoints")
        if not isinstance(endpoints, dict) or endpoints.keys() - OPERATIONS.keys():
            raise UserError(
                self.env._(
                    "The endpoints of a profile are an object of these: %s.",
                    ", ".join(OPERATIONS),
                )
            )
        for values in endpoints.values():
            self._check_part("inboost.endpoint", values, OF_ENDPOINT)
        return profile

    @api.model
    def _check_part(self, model, part, known):
        """:raise UserError: when a part of a profile is not the values of ``known``"""
        if not isinstance(part, dict):
            raise UserError(self.env._("A part of the profile is not an object."))
        for name, value in part.items():
            if name not in known or not self._fits(
                self.env[model]._fields[name], value
            ):
                raise UserError(
                    self.env._(
                        "The profile has %(name)s: %(value)s, which is not known here.",
                        name=name,
                        value=json.dumps(value)[:80],
                    )
                )

    @api.model
    def _fits(self, field, value):
        if field.type == "selection":
            return value in dict(field._description_selection(self.env))
        if isinstance(value, bool):
            return field.type == "boolean"
        return isinstance(value, TYPES[field.type])

    @api.model
    def _compare(self, backend, profile):
        """What an import would change.

        :return: list of (record, {field: new value})
        """
        pairs = [(backend, self._complete(backend, profile["backend"], OF_BACKEND))]
        for endpoint in backend.endpoint_ids:
            if endpoint.operation in profile["endpoints"]:
                given = profile["endpoints"][endpoint.operation]
                pairs.append(
                    (endpoint.sudo(), self._complete_endpoint(endpoint, given))
                )
        changes = [
            (
                record,
                {
                    n: v
                    for n, v in values.items()
                    if (record[n] or False) != (v or False)
                },
            )
            for record, values in pairs
        ]
        return [(record, values) for record, values in changes if values]

    @api.model
    def _complete(self, record, given, names):
        """What a profile leaves out is as a new record has it."""
        defaults = record.browse().default_get(list(names))
        return {name: given.get(name, defaults.get(name, False)) for name in names}

    @api.model
    def _complete_endpoint(self, endpoint, given):
        values = self._complete(endpoint, given, OF_ENDPOINT)
        values["authorised"] = given.get("authorised", values["kind"] == "api")
        pasted = "address" not in given and endpoint._has_secret_address()
        if pasted or values["kind"] == endpoint.kind == "webhook":
            # It was pasted already, or will be.
            del values["address"]
        return values

    @api.model
    def _apply(self, backend, profile):
        """:raise odoo.exceptions.ValidationError: when something of it is wrong; then
        nothing is changed"""
        for record, values in self._compare(backend, profile):
            if record._name == "inboost.endpoint":
                # Nobody has tried it here.
                values = {**values, "known": "assumed"}
            record.write(values)

    # -- shipped -------------------------------------------------------------------

    @api.model
    def _get_shipped(self):
        """:return: {name of the file: title}"""
        names = ("inboost", "plain", "rest_path", "envelope", "oauth")
        return {name: self._load(name)["name"] for name in names}

    @api.model
    def _load(self, name):
        with file_open(f"{FOLDER}/{name}.json") as file:
            return self._parse(file.read())
