import base64
import csv
import io

from odoo import api, fields, models
from odoo.tools import SQL, format_date, formatLang

from ..lib.points import shown

#: Lines on the screen, and in the file: nobody reads a million of them.
SHOWN = 500
IN_FILE = 100_000


class InboostExpiringPreview(models.TransientModel):
    """Whom a notice or a burn would touch, before it does."""

    _name = "inboost.expiring.preview"
    _description = "InBoost Expiring Points"

    summary = fields.Char(readonly=True)
    line_ids = fields.One2many(
        "inboost.expiring.preview.line", "preview_id", readonly=True
    )
    file = fields.Binary("CSV", readonly=True, attachment=False)
    filename = fields.Char(readonly=True)

    @api.model
    def _show(self, title, lots, nothing, later=None):
        """Open a preview of a table of lots, a line for each customer and day.

        :param SQL lots: with the columns of Expiring, and ``phone``
        :param str nothing: what an empty one means
        :param SQL later: lots of which the first are named where there are none
        """
        lots = self._filter_visible(lots)
        lines = self._read_lines(lots, IN_FILE)
        preview = self.create(
            {
                "summary": (
                    self._summarise(lots) if lines else self._name_next(nothing, later)
                ),
                "file": base64.b64encode(self._csv(lines)),
                "filename": f"{title} {fields.Date.today()}.csv",
                "line_ids": [
                    fields.Command.create(
                        {
                            "partner_id": partner_id,
                            "phone": phone,
                            "points": points,
                            "day": day,
                        }
                    )
                    for partner_id, _name, phone, points, day in lines[:SHOWN]
                ],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": self._name,
            "res_id": preview.id,
            "views": [(False, "form")],
            "target": "new",
        }

    @api.model
    def _filter_visible(self, lots):
        """Those of nobody, and of contacts whom the user may see: a program may be
        shared with companies that are none of theirs."""
        partners = self.env["res.partner"].with_context(active_test=False)
        return SQL(
            "SELECT v.* FROM (%s) v WHERE v.partner_id IS NULL OR v.partner_id IN %s",
            lots,
            partners._search([]).subselect(),
        )

    @api.model
    def _read_lines(self, lots, limit):
        """:return: list of (partner id, name, phone, points, day), by day"""
        return self.env.execute_query(
            SQL(
                """
                SELECT l.partner_id, p.name, l.phone, SUM(l.amount), l.day
                  FROM (%s) l
             LEFT JOIN res_partner p ON p.id = l.partner_id
              GROUP BY l.partner_id, p.name, l.phone, l.day
              ORDER BY l.day, p.name, l.partner_id
                 LIMIT %s
                """,
                lots,
                limit,
            )
        )

    @api.model
    def _summarise(self, lots):
        [(points, customers, days)] = self.env.execute_query(
            SQL(
                "SELECT SUM(amount), COUNT(DISTINCT partner_id),"
                " COUNT(DISTINCT (partner_id, phone, day)) FROM (%s) l",
                lots,
            )
        )
        text = self.env._(
            "Points: %(points)s; customers: %(customers)s",
            points=formatLang(self.env, points),
            customers=customers,
        )
        if days > IN_FILE:
            text += self.env._(" (the file has the first %s lines)", IN_FILE)
        return text

    @api.model
    def _name_next(self, nothing, later):
        """Such as "None within 7 days; next: 160.51 on 5 December"."""
        found = later and self.env.execute_query(
            SQL(
                "SELECT day, SUM(amount) FROM (%s) l GROUP BY day ORDER BY day LIMIT 1",
                later,
            )
        )
        if not found:
            return nothing
        [(day, points)] = found
        return self.env._(
            "%(nothing)s; next: %(points)s on %(day)s",
            nothing=nothing,
            points=formatLang(self.env, points),
            day=format_date(self.env, day, date_format="d MMMM"),
        )

    @api.model
    def _csv(self, lines):
        stream = io.StringIO()
        writer = csv.writer(stream)
        writer.writerow(["customer", "phone", "points", "last_day"])
        for _partner_id, name, phone, points, day in lines:
            name = name or ""
            if name.startswith(("=", "+", "-", "@")):
                # A spreadsheet would take it for a formula.
                name = f"'{name}"
            writer.writerow([name, phone or "", shown(points), day])
        return stream.getvalue().encode("utf-8-sig")


class InboostExpiringPreviewLine(models.TransientModel):
    _name = "inboost.expiring.preview.line"
    _description = "InBoost Expiring Points of a Customer"
    _order = "day, id"

    preview_id = fields.Many2one(
        "inboost.expiring.preview", required=True, ondelete="cascade", index=True
    )
    partner_id = fields.Many2one(
        "res.partner", "Customer", ondelete="cascade", readonly=True
    )
    phone = fields.Char(readonly=True)
    points = fields.Float(readonly=True, digits=(16, 2))
    day = fields.Date("Last Day", readonly=True)
