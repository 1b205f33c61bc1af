from odoo import api, models
from odoo.tools import SQL

from ...lib import keys
from ...lib.capture import Capture
from ...lib.priority import HISTORY, LIVE
from ...lib.purchase import RECORDED, build

#: Documents that are read at once.
BATCH = 500


class InboostDocumentMixin(models.AbstractModel):
    """A document that is a purchase. What a kind of document has to say of itself comes
    first; all else is written once, here."""

    _name = "inboost.document.mixin"
    _inherit = ["inboost.shop.mixin", "inboost.document.events"]
    _description = "InBoost Document"

    #: Where purchases of this kind come from: the first word of their keys.
    _inboost_source = ""
    #: The field that holds the uuid that belongs to the purchase.
    _inboost_uuid_field = "uuid"
    #: Whether the points of a document may be confirmed again under the same key.
    _inboost_repeats_points = False

    # -- the contract --------------------------------------------------------------

    @api.model
    def _inboost_counts_sql(self):
        """A condition: whether document ``d`` can be a purchase at all."""
        raise NotImplementedError

    def _inboost_is_purchase(self, backend):
        """Whether the document is one for ``backend`` by now."""
        return True

    def _inboost_read_rows(self):
        """What the facts are made of, by one statement, however many there are.

        :return: {id: lib.purchase.Rows}
        """
        raise NotImplementedError

    @api.model
    def _inboost_filter_rows(self, backend, rows):
        """What of the documents is a purchase that ``backend`` does not have yet.

        :param rows: {id: lib.purchase.Rows}
        """
        return rows

    def _inboost_get_moment(self, backend):
        """When the document became a purchase for ``backend``."""
        return self.date_order

    # Where a kind of document has no such column, it says what stands for it.

    @api.model
    def _inboost_moment_sql(self):
        """When document ``d`` happened."""
        return SQL("d.date_order")

    @api.model
    def _inboost_partner_sql(self):
        """The customer of document ``d``."""
        return SQL("d.partner_id")

    def _inboost_get_partner(self):
        return self.partner_id

    @api.model
    def _inboost_since_sql(self, since):
        """A condition: whether document ``d`` may have become a purchase since."""
        return SQL("%s >= %s", self._inboost_moment_sql(), since)

    # -- key -----------------------------------------------------------------------

    def _inboost_get_key(self):
        self.ensure_one()
        return keys.of_document(self._inboost_source, self[self._inboost_uuid_field])

    @api.model
    def _inboost_key_sql(self):
        """The key of document ``d``, as :meth:`_inboost_get_key` makes it."""
        prefix = keys.of_document(self._inboost_source, "")
        return SQL("%s || %s", prefix, SQL.identifier("d", self._inboost_uuid_field))

    # -- fact ----------------------------------------------------------------------

    def _inboost_prepare_facts(self, backend):
        """The purchases as ``backend`` should have them.

        :return: {id: lib.facts.Purchase}
        """
        programs = backend._get_recording()["programs"]
        rows = self._inboost_filter_rows(backend, self._inboost_read_rows())
        return {document_id: build(one, programs) for document_id, one in rows.items()}

    def _inboost_filter_recorded(self, backend):
        """Those that ``backend`` has as purchases already."""
        named = {
            document._inboost_get_key(): document
            for document in self
            if document[self._inboost_uuid_field]
        }
        recorded = (
            self.env["inboost.event"]
            .sudo()
            .search_fetch(
                [
                    ("backend_id", "=", backend.id),
                    ("operation", "in", RECORDED),
                    ("key", "in", list(named)),
                ],
                ["key"],
            )
        )
        return self.browse(named[key].id for key in set(recorded.mapped("key")))

    # -- capture -------------------------------------------------------------------

    def _inboost_capture(self, again=""):
        """Record the documents in each backend that is about them. A failure harms
        nobody, and is made up for.

        :param str again: what came again, for the log of a stopped duplicate
        """
        backend = self.env["inboost.backend"]
        for document in self:
            backends = backend._find_for_company(document.company_id)
            if not backends:
                continue
            with self.env["inboost.capture"]._guard(
                document.display_name, (document, "_inboost_capture_missed", [])
            ):
                document.sudo()._inboost_capture_in(backends, again)

    def _inboost_capture_missed(self):
        """Record what an error of ours prevented."""
        for document in self:
            backends = self.env["inboost.backend"]._find_for_company(
                document.company_id
            )
            document._inboost_capture_in(backends)

    def _inboost_capture_in(self, backends, again=""):
        for backend in backends:
            if self._inboost_is_purchase(backend) and self._inboost_is_sold_for(
                backend
            ):
                self._inboost_capture_for(backend, again)

    def _inboost_capture_for(self, backend, again=""):
        """A purchase or a refund: the webhook, then the details."""
        self.ensure_one()
        fact = self._inboost_prepare_facts(backend).get(self.id)
        if not fact:
            return
        webhook = "purchase_refund" if fact["is_refund"] else "purchase"
        self._inboost_capture_purchase(
            backend,
            [webhook, "purchase_details"],
            self._inboost_get_key(),
            fact,
            self._inboost_get_moment(backend),
            again,
        )

    def _inboost_capture_purchase(
        self, backend, operations, key, fact, moment, again=""
    ):
        """:param lib.facts.Purchase fact: of this document
        :param datetime moment: when it happened
        """
        self.ensure_one()
        partner = self._inboost_get_partner()
        backend._prepare_customer(partner)
        self.env["inboost.capture"]._capture(
            backend,
            [(operation, key, fact, moment) for operation in operations],
            partner,
            record=self,
            again=again,
        )

    def _inboost_capture_history(self, backend):
        """Record the documents, all at once. History goes to the details only: the
        webhook would start campaigns for it.

        :return: the new events
        """
        # Documents and contacts are wide, and a few columns are needed.
        self = self.with_context(prefetch_fields=False)
        facts = self._inboost_prepare_facts(backend)
        entries = [
            Capture(
                operation="purchase_details",
                key=document._inboost_get_key(),
                fact=facts[document.id],
                occurred_at=document._inboost_get_moment(backend),
                partner=document._inboost_get_partner(),
                record=document,
            )
            for document in self
            if document.id in facts
        ]
        return self.env["inboost.capture"]._capture_all(
            backend, entries, priority=HISTORY
        )

    # -- reconciliation and history ------------------------------------------------

    @api.model
    def _inboost_reconcile(self, backend, since):
        """Record documents since ``since`` that count and have no event in
        ``backend``, batch after batch: those that are no purchase yet block no other.
        Those whose failure is listed are tried again from there.
        """
        last = 0
        while documents := self._inboost_find_missing(backend, since, last):
            for document in documents:
                with self.env["inboost.capture"]._guard(
                    document.display_name, (document, "_inboost_capture_missed", [])
                ):
                    document._inboost_capture_in(backend)
            last = documents[-1].id

    @api.model
    def _inboost_find_missing(self, backend, since, last):
        """The next documents after id ``last`` that were not recorded live."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT d.id
                  FROM %(table)s d
                 WHERE %(counts)s
                   AND d.id > %(last)s
                   AND d.company_id = ANY(%(companies)s)
                   AND %(partner)s IS NOT NULL
                   AND %(since)s
                   AND %(about)s
                   AND %(shop)s
                   AND NOT EXISTS (
                       SELECT FROM inboost_capture_failure f
                        WHERE f.solved_at IS NULL
                          AND f.res_model = %(model)s
                          AND f.res_ids @> to_jsonb(d.id))
                   AND NOT EXISTS (
                       SELECT FROM inboost_event e
                        WHERE e.backend_id = %(backend)s
                          AND e.operation = ANY(%(operations)s)
                          AND e.priority = %(live)s
                          AND e.key = %(key)s)
              ORDER BY d.id
                 LIMIT %(limit)s
                """,
                table=SQL.identifier(self._table),
                counts=self._inboost_counts_sql(),
                last=last,
                companies=backend._get_companies().ids,
                model=self._name,
                partner=self._inboost_partner_sql(),
                since=self._inboost_since_sql(since),
                about=backend._about_document_sql(
                    self._inboost_partner_sql(), self._inboost_moment_sql()
                ),
                shop=self._inboost_about_shop_sql(backend),
                backend=backend.id,
                operations=RECORDED,
                live=LIVE,
                key=self._inboost_key_sql(),
                limit=BATCH,
            )
        )
        return self.browse(row[0] for row in rows)

    @api.model
    def _inboost_find_history(self, backend, partners, since):
        """Purchases of ``partners`` since ``since`` that are not in the outbox, the
        oldest first."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT d.id
                  FROM %(table)s d
                 WHERE %(counts)s
                   AND d.company_id = ANY(%(companies)s)
                   AND %(partner)s = ANY(%(partners)s)
                   AND %(moment)s >= %(since)s
                   AND %(shop)s
                   AND NOT EXISTS (
                       SELECT FROM inboost_event e
                        WHERE e.backend_id = %(backend)s
                          AND e.operation = 'purchase_details'
                          AND e.key = %(key)s)
              ORDER BY %(moment)s, d.id
                """,
                table=SQL.identifier(self._table),
                counts=self._inboost_counts_sql(),
                companies=backend._get_companies().ids,
                partner=self._inboost_partner_sql(),
                moment=self._inboost_moment_sql(),
                partners=partners.ids,
                since=since,
                shop=self._inboost_about_shop_sql(backend),
                backend=backend.id,
                key=self._inboost_key_sql(),
            )
        )
        documents = self.browse(row[0] for row in rows)
        return documents.filtered(lambda d: d._inboost_is_purchase(backend))

    # -- who is a customer ---------------------------------------------------------

    @api.model
    def _inboost_bought_sql(self, backend):
        """A condition: whether contact ``p`` has bought by this kind of document."""
        return SQL(
            "EXISTS (SELECT FROM %s d WHERE d.partner_id = p.id AND %s"
            " AND d.company_id = ANY(%s) AND %s)",
            SQL.identifier(self._table),
            self._inboost_counts_sql(),
            backend._get_companies().ids,
            self._inboost_about_shop_sql(backend),
        )

    @api.model
    def _inboost_last_purchase_sql(self):
        """When contact ``p`` bought last by this kind of document."""
        return SQL(
            "(SELECT MAX(d.date_order) FROM %s d WHERE d.partner_id = p.id AND %s)",
            SQL.identifier(self._table),
            self._inboost_counts_sql(),
        )

    @api.model
    def _inboost_any_bought_sql(self, backend):
        """A condition: whether contact ``p`` has bought here."""
        return SQL(" OR ").join(
            self.env[name]._inboost_bought_sql(backend)
            for name in backend._get_document_models()
        )

    @api.model
    def _inboost_any_last_purchase_sql(self, backend):
        """When contact ``p`` bought last, of whichever kind."""
        return SQL(
            "GREATEST(%s)",
            SQL(", ").join(
                self.env[name]._inboost_last_purchase_sql()
                for name in backend._get_document_models()
            ),
        )
