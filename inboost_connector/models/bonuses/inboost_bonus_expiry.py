from collections import defaultdict
from datetime import timedelta

from odoo import api, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ...lib.points import rounded

#: Cards that are burned in one transaction, and seconds that this may take.
BURN_AT_ONCE = 500
BURN_SECONDS = 3
MAX_BURN_TRIES = 5


class InboostBonusExpiry(models.AbstractModel):
    """The burning of points that have expired."""

    _name = "inboost.bonus.expiry"
    _description = "InBoost Expiry of Points"

    @api.model
    def _find_expired(self, programs, cards=None):
        """:return: {card id: points past their last day}"""
        lots, expired = self.env["inboost.bonus.lots"], defaultdict(float)
        for program in programs:
            yesterday = lots._get_today(program) - timedelta(days=1)
            for entry in lots._find(program, last=yesterday, cards=cards):
                expired[entry.card_id] += entry.amount
        return dict(expired)

    @api.model
    def _cron_burn(self):
        with self.env["inboost.long.job"]._take("ir_cron_bonus_burn") as mine:
            if mine:
                self._burn_all()

    @api.model
    def _burn_all(self):
        programs = self.env["loyalty.program"].search(
            [("inboost_burn_expired", "=", True)]
        )
        card_ids = list(self._find_expired(programs))
        while card_ids:
            chunk, card_ids = card_ids[:BURN_AT_ONCE], card_ids[BURN_AT_ONCE:]
            left = self._burn_again(programs, chunk)
            if card_ids and left < BURN_SECONDS:
                # The next run begins where this one ends.
                self.env.ref("inboost_connector.ir_cron_bonus_burn")._trigger()
                return

    @api.model
    def _burn_again(self, programs, card_ids):
        """Burn, as often as it takes when somebody buys with one of these cards.

        :return: seconds that are left to this run
        """
        for _try in range(MAX_BURN_TRIES):
            try:
                self._burn(programs, self.env["loyalty.card"].browse(card_ids))
                return self.env["ir.cron"]._commit_progress(len(card_ids))
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                self.env.cr.rollback()
        # Tomorrow's run finds them again.
        return self.env["ir.cron"]._commit_progress()

    @api.model
    def _burn(self, programs, cards):
        """Take off what is past its last day now: points may have been spent since
        the cards were looked for."""
        # The ledger says who, when and why: no message on each card.
        cards = cards.exists().try_lock_for_update().with_context(tracking_disable=True)
        expired = self._find_expired(programs, cards)
        cards = cards.browse(expired)
        reason = self.env._("Expired points")
        # Never below zero, whatever a ledger that is not proved yet says.
        burned = {card: rounded(min(expired[card.id], card.points)) for card in cards}
        self.env["loyalty.history"].create(
            [
                {"card_id": card.id, "description": reason, "used": points}
                for card, points in burned.items()
            ]
        )
        with self.env["inboost.bonus.move"]._recording(kind="expiry", reason=reason):
            for card, points in burned.items():
                card.points -= points
