from odoo import api, models
from odoo.tools import SQL


class InboostEventShop(models.AbstractModel):
    """In which shop an event happened: a reference to each kind of shop that its
    document has, filled in by the statement that records it."""

    _name = "inboost.event.shop"
    _description = "InBoost Event in a Shop"

    @api.model
    def _get_shop_fields(self):
        """:return: list of names of many2one fields, one for each kind of shop"""
        return []

    @api.model
    def _shops_sql(self, row, models):
        """:param str row: alias of rows with res_model and res_id
        :param models: names of models that res_model may be
        :return: {name of a shop field: SQL of its id}
        """
        documents = {
            self.env[name]: self.env[name]._inboost_event_shops_sql()
            for name in self.env["inboost.backend"]._get_document_models()
            if name in models
        }
        return {
            name: self._shop_sql(row, documents, self._fields[name].comodel_name)
            for name in self._get_shop_fields()
        }

    @api.model
    def _shop_sql(self, row, documents, shop):
        """
        :param documents: {a kind of document: {model of a shop: SQL of its id}}
        :param str shop: a model
        """
        cases = [
            SQL(
                "WHEN %s THEN (SELECT %s FROM %s d WHERE d.id = %s)",
                document._name,
                shops[shop],
                SQL.identifier(document._table),
                SQL.identifier(row, "res_id"),
            )
            for document, shops in documents.items()
            if shop in shops
        ]
        if not cases:
            return SQL("NULL::int4")
        return SQL(
            "CASE %s %s END", SQL.identifier(row, "res_model"), SQL(" ").join(cases)
        )

    @api.model
    def _fill_shops(self):
        """Of events that were recorded before there were such fields.

        :return: how many were filled in
        """
        self.flush_model()
        models = self.env["inboost.backend"]._get_document_models()
        shops = self._shops_sql("e", models)
        names = [SQL.identifier(name) for name in shops]
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE inboost_event o
                   SET (%(names)s) = ROW(%(found)s)
                  FROM (SELECT e.id, %(shops)s
                          FROM inboost_event e
                         WHERE e.res_model = ANY(%(models)s)) s
                 WHERE s.id = o.id
                   AND (%(found)s) IS DISTINCT FROM (%(known)s)
             RETURNING o.id
                """,
                names=SQL(", ").join(names),
                found=SQL(", ").join(SQL("s.%s", name) for name in names),
                known=SQL(", ").join(SQL("o.%s", name) for name in names),
                shops=SQL(", ").join(
                    SQL("%s AS %s", shop, SQL.identifier(name))
                    for name, shop in shops.items()
                ),
                models=models,
            )
        )
        self.invalidate_model(list(shops))
        return len(rows)
