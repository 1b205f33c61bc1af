from odoo import api, fields, models, tools
from odoo.tools import SQL


class InboostBackend(models.Model):
    """Whom a backend is about: which companies, which shops, and which customers. One
    question, in the forms in which it is asked. The customers' storey narrows the
    answer. And what a capture has to know of it."""

    _name = "inboost.backend"
    _inherit = ["inboost.backend", "inboost.portal.mixin"]

    other_names = fields.Char(
        "Other Backends of the Company", compute="_compute_other_names"
    )

    @api.depends(lambda self: ["company_id", "active", *self._get_shop_fields()])
    def _compute_other_names(self):
        """Backends that get the same sales."""
        for backend in self:
            company = backend.company_id
            others = self.sudo().search(
                [
                    ("id", "not in", backend.ids),
                    ("state", "!=", "draft"),
                    ("company_id", "child_of", company.root_id.id),
                ]
            )
            same = others.filtered(
                lambda other, mine=backend: (
                    (
                        other.company_id in mine.company_id.parent_ids
                        or mine.company_id in other.company_id.parent_ids
                    )
                    and mine._has_shops_of(other)
                )
            )
            backend.other_names = ", ".join(same.mapped("name"))

    def _has_shops_of(self, other):
        """Whether a sale may be for both."""
        names = self._get_shop_fields()
        some = [[backend[name] for name in names] for backend in (self, other)]
        return not all(map(any, some)) or any(
            mine & theirs for mine, theirs in zip(*some, strict=True)
        )

    @api.model
    def _find_for_company(self, company):
        """Backends that record what happens in ``company``: its and its parents'."""
        return self.sudo().browse(self._find_ids_for_company(company.id))

    @api.model
    @tools.ormcache("company_id")
    def _find_ids_for_company(self, company_id):
        company = self.env["res.company"].sudo().browse(company_id)
        return (
            self.sudo()
            ._search(
                [("company_id", "in", company.parent_ids.ids), ("state", "!=", "draft")]
            )
            .get_result_ids()
        )

    def _get_companies(self):
        """The companies whose sales this backend is about."""
        return self.env["res.company"].search([("id", "child_of", self.company_id.id)])

    @api.model
    def _get_shop_fields(self):
        """The fields that choose shops, of whichever kind; none chosen: all of them.

        :return: list of names of many2many fields
        """
        return []

    def _filter_about(self, partners):
        """Those of ``partners`` whom this backend is about."""
        self.ensure_one()
        return partners

    def _filter_marketable(self, partners):
        """Those of ``partners`` who may get what starts campaigns."""
        self.ensure_one()
        return partners

    def _prepare_customer(self, partner):
        """Called before a purchase of ``partner`` is recorded."""

    def _about_phone_sql(self, phone):
        """A condition: whether this backend is about the customer with a phone.

        :param SQL phone: a column
        """
        return SQL("TRUE")

    def _about_document_sql(self, partner, moment):
        """A condition: whether this backend is about the customer of a document.

        :param SQL partner, moment: columns of the document
        """
        return SQL("TRUE")

    # -- recording -----------------------------------------------------------------

    @api.model
    def _get_recording_fields(self):
        """What :meth:`_get_recording` is made of."""
        return {
            *("active", "state", "company_id", "address"),
            *("doubt_before", "doubt_decision"),
            *self._get_shop_fields(),
        }

    @tools.ormcache("self.id")
    def _get_recording(self):
        """What a capture has to know, kept in memory: a sale reads nothing of us.

        :return: dict of portal, company_id, doubt_before, doubt_decision, whether
            opt-outs are respected, ids of bonus programs, endpoints,
            {operation: (endpoint id, shelf life in days, whether at most once)}, and
            shops, {model: ids}, empty for all
        """
        self.ensure_one()
        return self._prepare_recording()

    def _prepare_recording(self):
        """See :meth:`_get_recording`; an upper storey adds what it has to know."""
        return {
            "respect_opt_out": False,
            "programs": frozenset(),
            "portal": self.address,
            "company_id": self.company_id.id,
            "doubt_before": self.doubt_before,
            "doubt_decision": self.doubt_decision,
            "shops": {
                self[name]._name: self[name].ids
                for name in self._get_shop_fields()
                if self[name]
            },
            "endpoints": {
                endpoint.operation: (
                    endpoint.id,
                    endpoint.shelf_life_days,
                    endpoint.guarantee == "at_most_once",
                )
                for endpoint in self.endpoint_ids._filter_recording()
            },
        }
