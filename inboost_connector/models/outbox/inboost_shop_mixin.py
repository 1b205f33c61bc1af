from odoo import api, models
from odoo.tools import SQL


class InboostShopMixin(models.AbstractModel):
    """Where a document was sold: a backend may be about some shops only."""

    _name = "inboost.shop.mixin"
    _description = "InBoost Shop"

    @api.model
    def _inboost_shops_sql(self):
        """Where document ``d`` was sold.

        :return: {model of a shop: SQL of its id}
        """
        return {}

    @api.model
    def _inboost_event_shops_sql(self):
        """Where events of document ``d`` happen: planned with each of them, so that it
        had better be simple.

        :return: {model of a shop: SQL of its id}
        """
        return self._inboost_shops_sql()

    @api.model
    def _inboost_about_shop_sql(self, backend):
        """A condition: whether document ``d`` was sold in a shop of ``backend``."""
        chosen = backend._get_recording()["shops"]
        if not chosen:
            return SQL("TRUE")
        columns = self._inboost_shops_sql()
        conditions = [
            SQL("%s = ANY(%s)", columns[model], ids)
            for model, ids in chosen.items()
            if model in columns
        ]
        return SQL("(%s)", SQL(" OR ").join([SQL("FALSE"), *conditions]))

    def _inboost_is_sold_for(self, backend):
        """Whether the document was sold in a shop of ``backend``."""
        if not backend._get_recording()["shops"]:
            return True
        self.env.flush_all()
        return bool(
            self.env.execute_query(
                SQL(
                    "SELECT FROM %s d WHERE d.id = %s AND %s",
                    SQL.identifier(self._table),
                    self.id,
                    self._inboost_about_shop_sql(backend),
                )
            )
        )
