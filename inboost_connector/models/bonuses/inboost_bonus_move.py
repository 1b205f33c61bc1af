from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ...lib.points import DIGITS, rounded, shown
from ...lib.reversal import cancellation


@dataclass
class Recording:
    """What is going on while cards' points change, and what they were before.

    :ivar kind: of the rows; by the sign of the change when empty
    :ivar order: the order behind it, or None
    :ivar reversed_uuid: of the order that this one takes back, if it is another
    :ivar gross: what of each card the order spent, {card id: points}; these are taken
        off the net change to tell what was won
    :ivar silent: neither accruals nor redemptions are sent, only balances
    :ivar carries: what one card loses another one wins: it keeps its days
    :ivar before: {card id: points before}
    :ivar owners: {(partner, program)} whose balance changed though no points did
    """

    kind: str = ""
    order: object = None
    order_uuid: str = ""
    reversed_uuid: str = ""
    gross: dict = field(default_factory=dict)
    reason: str = ""
    silent: bool = False
    carries: bool = False
    before: dict = field(default_factory=dict)
    owners: set = field(default_factory=set)


class InboostBonusMove(models.Model):
    """One change of one card's points, for ever. The sum of a card's rows is its
    balance, whichever path changed it."""

    _name = "inboost.bonus.move"
    _description = "InBoost Bonus Ledger"
    _order = "time desc, id desc"
    _rec_name = "uuid"

    uuid = fields.Char(required=True, readonly=True, default=lambda self: str(uuid4()))
    # Odoo deletes cards itself: a row outlives its card, and knows its code.
    card_id = fields.Many2one(
        "loyalty.card", readonly=True, ondelete="set null", index="btree_not_null"
    )
    card_code = fields.Char(readonly=True)
    partner_id = fields.Many2one(
        "res.partner",
        "Customer",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    program_id = fields.Many2one(
        "loyalty.program", readonly=True, ondelete="set null", index="btree_not_null"
    )
    company_id = fields.Many2one("res.company", readonly=True, ondelete="set null")
    kind = fields.Selection(
        [
            ("accrual", "Accrual"),
            ("redemption", "Redemption"),
            ("reversal", "Reversal"),
            ("expiry", "Expiry"),
            ("adjustment", "Adjustment"),
            ("opening", "Opening"),
        ],
        required=True,
        readonly=True,
        help="Reversal: what an order gave or took is undone. Adjustment: contacts "
        "were merged, a card was deleted, or a change that passed Odoo by was found. "
        "Opening: what a card had when the ledger began.",
    )
    change = fields.Float(readonly=True, digits=(16, DIGITS), help="Won less spent.")
    won = fields.Float(readonly=True, digits=(16, DIGITS), help="Points added, gross.")
    spent = fields.Float(
        readonly=True, digits=(16, DIGITS), help="Points taken, gross."
    )
    balance_after = fields.Float(readonly=True, digits=(16, DIGITS), aggregator=None)
    time = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    born = fields.Date(
        "Won On",
        readonly=True,
        help="Points that only moved, when contacts were merged, are valid from the "
        "day on which they were won.",
    )
    reason = fields.Char(readonly=True)
    # Administrators of the POS read the ledger, and no events.
    event_count = fields.Integer(
        "Events",
        compute="_compute_event_count",
        groups="inboost_connector.group_inboost_user",
    )
    order_model = fields.Char(readonly=True)
    order_id = fields.Many2oneReference(model_field="order_model", readonly=True)
    order_name = fields.Char("Order Number", readonly=True)
    order_uuid = fields.Char("Order UUID", readonly=True, index="btree_not_null")
    reversed_uuid = fields.Char(
        "Refunded Order UUID",
        readonly=True,
        index="btree_not_null",
        help="Of the order whose points a refund takes back or gives back.",
    )

    _uuid_unique = models.Constraint("UNIQUE(uuid)", "Each row has its own uuid.")
    _adds_up = models.Constraint(
        "CHECK(won >= 0 AND spent >= 0 AND abs(won - spent - change) < 0.00001)",
        "A change is what was won less what was spent.",
    )
    # All that the lots of a card need: the newest points come first.
    _of_card = models.Index("(card_id, time DESC, id DESC) INCLUDE (won)")
    # Rows come in the order of time: this one stays tiny.
    _of_time = models.Index("USING brin (time) WITH (pages_per_range = 32)")
    _odd = models.Index("(card_id) WHERE kind = 'reversal' OR born IS NOT NULL")

    # -- CRUD ----------------------------------------------------------------------

    @api.depends("kind", "card_code", "change")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for move in self:
            change = shown(move.change)
            move.display_name = f"{kinds[move.kind]} {change} {move.card_code}"

    @api.depends("uuid")
    def _compute_event_count(self):
        for move in self:
            move.event_count = self.env["inboost.event"].search_count(
                move._get_event_domain()
            )

    def action_view_inboost_events(self):
        """What was sent about the row."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "inboost_connector.inboost_event_action"
        )
        action["domain"] = self._get_event_domain()
        action["context"] = {}
        return action

    def write(self, vals):  # pylint: disable=method-required-super
        raise AccessError(self.env._("A row of the ledger cannot be changed."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise AccessError(self.env._("A row of the ledger cannot be deleted."))

    # -- recording -----------------------------------------------------------------

    @contextmanager
    def _recording(self, apart=False, **kwargs):
        """Changes of points inside belong together: one row for each card, written
        at the end and all at once.

        The state lives with the cursor, since code in between changes environments.

        :param bool apart: even when part of something greater
        :param kwargs: see :class:`Recording`
        """
        cache = self.env.cr.cache
        outer = cache.get("inboost_recording")
        if outer and not apart:
            # A part of something greater, which knows better what it is.
            yield outer
            return
        operation = cache["inboost_recording"] = Recording(**kwargs)
        try:
            yield operation
        finally:
            cache["inboost_recording"] = outer
        if not operation.before and not operation.owners:
            return
        changes = {}
        with self.env["inboost.capture"]._guard(
            self.env._("a change of points"),
            (self.browse(), "_record_changes", [changes]),
        ):
            changes.update(self.sudo()._prepare_changes(operation))
            self.sudo()._write_changes(changes)

    @api.model
    def _prepare_changes(self, operation):
        """What happened to cards, as JSON: it is recorded now, or made up for later as
        what it was."""
        # Some were deleted, or were rolled back with a row of an import.
        cards = self.env["loyalty.card"].browse(operation.before).exists()
        order = operation.order
        return {
            "cards": [
                {
                    "id": card.id,
                    "before": operation.before[card.id],
                    "after": card.points,
                    "spent": operation.gross.get(card.id, 0.0),
                }
                for card in cards.filtered("program_id.is_nominative")
            ],
            "owners": [
                [partner.id, program.id, partner.phone_sanitized]
                for partner, program in operation.owners
            ],
            "silent": operation.silent,
            "carries": operation.carries,
            "values": {
                "kind": operation.kind,
                "time": fields.Datetime.to_string(fields.Datetime.now()),
                "reason": operation.reason,
                "order_model": order._name if order else False,
                "order_id": order.id if order else False,
                "order_name": order.display_name if order else False,
                "order_uuid": operation.order_uuid,
                "reversed_uuid": operation.reversed_uuid,
            },
        }

    @api.model
    def _record_changes(self, changes):
        """Make up for ``changes`` that were not written when they happened.

        :param dict changes: see :meth:`_prepare_changes`; an empty one is nothing
        """
        if not changes:
            return self.browse()
        cards = self.env["loyalty.card"].browse(card["id"] for card in changes["cards"])
        known = set(cards.exists().ids)
        left = [change for change in changes["cards"] if change["id"] in known]
        return self._write_changes({**changes, "cards": left})

    @api.model
    def _write_changes(self, changes):
        """Write the rows of ``changes`` and send what follows from them."""
        rows = [
            self._prepare_row_values(change, changes["values"])
            for change in changes["cards"]
        ]
        moves = self._create_rows([row for row in rows if row], changes.get("carries"))
        # The ledger stands whatever becomes of what is sent about it.
        arguments = [changes["owners"], changes["silent"]]
        with self.env["inboost.capture"]._guard(
            self.env._("what is sent of a change of points"),
            (moves, "_capture_facts", arguments),
        ):
            moves._capture_facts(*arguments)
        return moves

    @api.model
    def _create_rows(self, rows, carries):
        if not carries:
            return self.create(rows)
        split = self.env["inboost.bonus.lots"]._split_by_lots(rows)
        moves = self.create([values for values, _lot in split])
        # Whoever was notified of points stays notified, on whichever card they are.
        pairs = [
            (lot, move.id) for (_, lot), move in zip(split, moves, strict=True) if lot
        ]
        self.env.cr.execute(
            SQL(
                "INSERT INTO inboost_event_notified_rel (event_id, move_id)"
                " SELECT r.event_id, pair.new FROM inboost_event_notified_rel r"
                " JOIN unnest(%s::int[], %s::int[]) AS pair (old, new)"
                " ON pair.old = r.move_id",
                [old for old, _new in pairs],
                [new for _old, new in pairs],
            )
        )
        return moves

    @api.model
    def _prepare_row_values(self, change, common):
        """Values of one card's row; None when nothing happened to it."""
        card = self.env["loyalty.card"].browse(change["id"])
        net = rounded(change["after"] - change["before"])
        won, spent = self._split(net, change["spent"])
        if not won and not spent:
            return None
        if not net and self._is_known(card, common):
            return None
        return {
            **self._prepare_card_values(card),
            **common,
            "kind": common["kind"] or ("accrual" if net >= 0 else "redemption"),
            "change": net,
            "won": won,
            "spent": spent,
            "balance_after": rounded(change["after"]),
        }

    @api.model
    def _prepare_card_values(self, card):
        return {
            "card_id": card.id,
            "card_code": card.code,
            "partner_id": card.partner_id.id,
            "program_id": card.program_id.id,
            "company_id": card.company_id.id,
        }

    @api.model
    def _split(self, change, spent):
        """Gross amounts: both positive, their difference is ``change``."""
        won, spent = rounded(change + spent), rounded(spent)
        # A refund that takes points back "wins" less than nothing.
        return (
            rounded(max(won, 0) + max(-spent, 0)),
            rounded(max(spent, 0) + max(-won, 0)),
        )

    @api.model
    def _find_of_order(self, uuid):
        """Rows of what an order did to points."""
        return self.search([("order_uuid", "=", uuid), ("kind", "!=", "reversal")])

    @api.model
    def _find_returned(self, uuid, refund_uuid=None):
        """Rows that undid what an order did to points, and were not undone since.

        :param str refund_uuid: only those of this refund
        """
        rows = self.search(
            [
                ("kind", "=", "reversal"),
                "|",
                ("order_uuid", "=", uuid),
                ("reversed_uuid", "=", uuid),
            ]
        )
        again = {cancellation(row.order_uuid): row.order_uuid for row in rows}
        undone = self.search([("order_uuid", "in", list(again))]).mapped("order_uuid")
        gone = {again[uuid] for uuid in undone}
        return rows.filtered(
            lambda row: (
                row.order_uuid not in gone and refund_uuid in (None, row.order_uuid)
            )
        )

    def _is_known(self, card, common):
        """An order whose net is zero leaves no trace in Odoo's own history and is
        confirmed again when it is synced again. Its reversal is another thing."""
        reversal = "=" if common["kind"] == "reversal" else "!="
        return bool(common["order_uuid"]) and bool(
            self.search_count(
                [
                    ("card_id", "=", card.id),
                    ("order_uuid", "=", common["order_uuid"]),
                    ("kind", reversal, "reversal"),
                ],
                limit=1,
            )
        )
