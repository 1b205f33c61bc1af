import base64
import csv
import io

from odoo import fields, models

from ..lib.points import shown

#: Lines that are shown; the file has all of them.
SHOWN = 500


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

    def _show(self, title, entries):
        """Open a preview of ``entries``.

        :param entries: list of (Expiring, phone)
        """
        entries = self._filter_visible(entries)
        total = sum(entry.lot.left for entry, _phone in entries)
        preview = self.create(
            {
                "summary": self.env._(
                    "%(points)s points on %(cards)s cards",
                    points=shown(total),
                    cards=len({entry.card_id for entry, _phone in entries}),
                ),
                "file": base64.b64encode(self._csv(entries)),
                "filename": f"{title} {fields.Date.today()}.csv",
                "line_ids": [
                    fields.Command.create(
                        {
                            "card_id": entry.card_id,
                            "partner_id": entry.partner_id,
                            "phone": phone,
                            "points": entry.lot.left,
                            "day": entry.day,
                        }
                    )
                    for entry, phone in entries[:SHOWN]
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

    def _filter_visible(self, entries):
        """Those of nobody, and of contacts whom the user may see: a program may be
        shared with companies that are none of theirs."""
        partners = self.env["res.partner"].with_context(active_test=False)
        ids = {entry.partner_id for entry, _phone in entries if entry.partner_id}
        visible = {False, None, *partners.search([("id", "in", list(ids))]).ids}
        return [one for one in entries if one[0].partner_id in visible]

    def _csv(self, entries):
        partners = self.env["res.partner"].browse(
            {entry.partner_id for entry, _phone in entries if entry.partner_id}
        )
        names = {row["id"]: row["name"] for row in partners.read(["name"])}
        stream = io.StringIO()
        writer = csv.writer(stream)
        writer.writerow(["customer", "phone", "points", "last_day"])
        for entry, phone in entries:
            name = names.get(entry.partner_id) or ""
            if name.startswith(("=", "+", "-", "@")):
                # A spreadsheet would take it for a formula.
                name = f"'{name}"
            writer.writerow([name, phone or "", shown(entry.lot.left), entry.day])
        return stream.getvalue().encode("utf-8-sig")


class InboostExpiringPreviewLine(models.TransientModel):
    _name = "inboost.expiring.preview.line"
    _description = "InBoost Expiring Points of a Card"
    _order = "day, id"

    preview_id = fields.Many2one(
        "inboost.expiring.preview", required=True, ondelete="cascade", index=True
    )
    card_id = fields.Many2one("loyalty.card", ondelete="cascade", readonly=True)
    partner_id = fields.Many2one(
        "res.partner", "Customer", ondelete="cascade", readonly=True
    )
    phone = fields.Char(readonly=True)
    points = fields.Float(readonly=True)
    day = fields.Date("Last Day", readonly=True)
