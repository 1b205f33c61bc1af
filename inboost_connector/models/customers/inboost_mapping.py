import json
from contextlib import suppress

from odoo import api, models

from ...lib import customers, mapping, redact
from ...lib.operations import OF_REQUEST

#: Operations whose answers have customers in them.
READ = ("customers_list", "customer_find")
#: What a request of a page has to read, by the style of the list.
POSITIONS = {"page": "page", "offset": "offset", "cursor": "cursor"}
#: Rows of an answer that are shown as they were read.
MAX_ROWS = 10


class InboostMapping(models.AbstractModel):
    """How customers are read, as a person sees it who sets it up."""

    _inherit = "inboost.mapping"

    # -- what looks wrong ----------------------------------------------------------

    @api.model
    def _find_warnings(self, endpoint):
        return super()._find_warnings(endpoint) + self._find_row_warnings(endpoint)

    @api.model
    def _find_row_warnings(self, endpoint):
        if endpoint.operation not in READ:
            return []
        found = []
        made = self._find_keys(endpoint.row_map)
        unknown = [key for key in made if key not in customers.Customer.__annotations__]
        if unknown:
            found.append(
                self.env._(
                    "Customer: %(unknown)s is not a part of a customer. There are "
                    "%(known)s.",
                    unknown=", ".join(unknown),
                    known=", ".join(customers.Customer.__annotations__),
                )
            )
        if made and "phone" not in made:
            found.append(self.env._("Customer: without a phone nobody can be found."))
        name = POSITIONS.get(endpoint.paging)
        if endpoint.operation == "customers_list" and name:
            if name not in self._find_read(endpoint):
                found.append(
                    self.env._(
                        "Nothing of the request reads %(name)s, so that every page "
                        "would be the first one. Choose another paging, or write "
                        "%(name)s into the query or the body.",
                        name=name,
                    )
                )
        return found

    @api.model
    def _find_keys(self, expression):
        """The keys of the object that ``expression`` makes."""
        try:
            made = mapping.search(expression, {}) if expression else None
        except mapping.MappingError:
            return []
        return list(made) if isinstance(made, dict) else []

    @api.model
    def _find_read(self, endpoint):
        """The names that a request reads."""
        names = []
        for name in OF_REQUEST:
            if name != "body" or endpoint.body_format != "none":
                names += self._find_unknown(endpoint[name], {})
        # What is wrong with it is said where the request is shown.
        with suppress(mapping.MappingError):
            names += mapping.template_names(endpoint.sudo().address or "")
        return names

    # -- what is shown -------------------------------------------------------------

    @api.model
    def _read_rows(self, endpoint, data):
        if endpoint.operation not in READ:
            return super()._read_rows(endpoint, data)
        try:
            rows = mapping.search(endpoint.rows_path or "@", data)
        except mapping.MappingError as error:
            label = self._get_label(endpoint, "rows_path")
            return [f"{label}: {self._word_error(error)}"]
        if endpoint.operation == "customer_find" and isinstance(rows, dict):
            rows = [rows]
        if not isinstance(rows, list):
            return [self.env._("There is no list where the rows should be.")]
        lines = [self.env._("Rows: %s", len(rows))]
        return lines + [self._read_row(endpoint, row) for row in rows[:MAX_ROWS]]

    @api.model
    def _read_row(self, endpoint, row):
        backend = endpoint.backend_id
        region = backend.company_id.country_id.code
        try:
            read = customers.read(
                row, endpoint.row_map or "@", region, backend._get_zone()
            )
        except customers.RowRefused as error:
            return f"✗ {self._word(error.problem)}"
        known = {name: value for name, value in read.customer.items() if value}
        if backend.mask_personal:
            known = redact.personal(known, people=True)
        odd = "".join(f" {self._word(problem)}" for problem in read.warnings)
        return f"✓ {json.dumps(known, ensure_ascii=False)}{odd}"

    @api.model
    def _word(self, problem):
        return self.env["inboost.problem"]._word(problem.code, problem.args)
