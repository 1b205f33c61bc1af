from odoo import models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _update_foreign_keys(self, src_partners, dst_partner):
        """Points that move to the contact that stays are neither won nor spent."""
        # Odoo would delete links that it cannot move; they go first.
        self._inboost_move_links(src_partners, dst_partner)
        with self.env["inboost.bonus.move"]._recording(
            kind="adjustment",
            silent=True,
            carries=True,
            reason=self.env._("Contacts were merged"),
        ) as operation:
            result = super()._update_foreign_keys(src_partners, dst_partner)
            # Done by SQL behind the cache's back.
            self.env["loyalty.card"].invalidate_model(["partner_id"])
            # A phone that goes away has zero; without one there is nobody to notify.
            operation.owners = {
                (partner, program)
                for partner, program in operation.owners
                if partner not in src_partners or partner.sudo().phone_sanitized
            }
        return result

    def _inboost_move_links(self, src_partners, dst_partner):
        """The contact that stays keeps one link in each backend, its own before
        others'. What is left over is a question for a person."""
        links = (
            self.env["inboost.customer"]
            .sudo()
            .search([("partner_id", "in", (src_partners | dst_partner).ids)])
        )
        for backend in links.backend_id:
            some = links.filtered(lambda link, b=backend: link.backend_id == b)
            own = some.filtered(lambda link: link.partner_id == dst_partner)
            keep = own or some.sorted("id")[0]
            for link in some - keep:
                link.write(
                    {
                        "partner_id": False,
                        "state": "conflict",
                        "question": f"merged:{dst_partner.id}",
                        "settled": False,
                        "merged_into_id": dst_partner.id,
                        "reason_code": "merged",
                        "reason_args": {
                            "contact": dst_partner.display_name,
                            "phone": keep.phone,
                        },
                    }
                )
            (some - keep).flush_recordset()
            if keep.partner_id != dst_partner:
                keep.partner_id = dst_partner
                keep.flush_recordset()
        self._inboost_settle(links, src_partners, dst_partner)

    def _inboost_settle(self, links, src_partners, dst_partner):
        """Several contacts had one phone: where the merge left one, nobody is asked any
        more."""
        for link in links.filtered(lambda link: link.question_kind == "contacts"):
            left = link.candidate_ids.filtered("active") - src_partners
            if link.partner_id == dst_partner and left <= dst_partner:
                link.write(
                    {
                        "state": "linked",
                        "question": False,
                        "reason_code": False,
                        "reason_args": False,
                    }
                )
