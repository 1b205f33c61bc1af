from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ..common_customer import CustomerCase


@tagged("post_install", "-at_install")
class TestCustomerLinks(CustomerCase):
    # -- who is who ----------------------------------------------------------------

    def test_several_contacts_one_is_chosen_and_a_person_is_asked(self):
        company = self.contact(1, name="Shop", is_company=True)
        person = self.contact(1, name="Olena")
        run = self.pull([self.row(1)])
        link = self.link_of(1)
        self.assertEqual(self.counts(run), {"conflict": 1})
        self.assertEqual((link.state, link.partner_id), ("conflict", person))
        self.assertEqual(link.candidate_ids, person | company)
        link.partner_id = company
        link.action_settle()
        run = self.pull([self.row(1)])
        self.assertEqual(self.counts(run), {"unchanged": 1})
        self.assertEqual((link.state, link.partner_id), ("linked", company))
        # Another contact with the phone is another question.
        third = self.contact(1, name="Third")
        self.assertEqual(self.counts(self.pull([self.row(1)])), {"conflict": 1})
        # One less is not.
        link.action_settle()
        third.active = False
        self.assertEqual(self.counts(self.pull([self.row(1)])), {"unchanged": 1})

    def test_who_bought_last(self):
        self.contact(1, name="Never bought")
        buyer = self.contact(1, name="Bought")
        self.sell(buyer)
        self.pull([self.row(1)])
        self.assertEqual(self.link_of(1).partner_id, buyer)

    def test_an_address_is_no_customer(self):
        person = self.contact(1)
        self.contact(1, parent_id=person.id, type="delivery")
        self.assertEqual(self.counts(self.pull([self.row(1)])), {"linked": 1})
        self.assertEqual(self.link_of(1).partner_id, person)

    def test_two_customers_of_inboost_with_one_phone(self):
        rows = [self.row(1), self.row(1, id="id-2")]
        run = self.pull(rows)
        self.assertEqual(self.counts(run), {"created": 1, "conflict": 1})
        first, second = self.link_of(1), self.link_of(2)
        self.assertEqual((second.state, second.partner_id.id), ("conflict", False))
        self.assertEqual(len(self.Partner.search([("phone", "=", self.phone(1))])), 1)
        run = self.pull(rows)
        self.assertEqual(self.counts(run), {"unchanged": 1, "conflict": 1})
        second.action_ignore()
        run = self.pull(rows)
        self.assertEqual(self.counts(run), {"unchanged": 2})
        self.assertEqual(first.state, "linked")
        second.action_ask_again()
        self.assertEqual(self.counts(self.pull(rows))["conflict"], 1)

    def test_the_other_of_two_is_the_right_one(self):
        rows = [self.row(1), self.row(1, id="id-2")]
        self.pull(rows)
        first, second = self.link_of(1), self.link_of(2)
        partner = first.partner_id
        second.action_take_over()
        self.assertEqual((second.state, second.partner_id), ("linked", partner))
        self.assertEqual((first.state, first.partner_id.id), ("ignored", False))
        self.assertEqual(self.counts(self.pull(rows)), {"unchanged": 2})

    def test_a_linked_customer_gets_the_phone_of_another_there(self):
        self.pull([self.row(1), self.row(2)])
        one, two = self.link_of(1), self.link_of(2)
        moved = self.row(2, userPhoneNumber="380500000001")
        for rows in ([self.row(1), moved], [moved, self.row(1)]):
            run = self.pull(rows)
            self.assertEqual(self.counts(run), {"unchanged": 1, "conflict": 1})
            self.assertEqual((one.state, two.state), ("linked", "conflict"))
            self.assertTrue(two.question.startswith("phone:"))
        two.action_settle()
        self.assertEqual(self.counts(self.pull(rows)), {"unchanged": 2})

    def test_the_same_row_twice_is_one(self):
        run = self.pull([self.row(1), self.row(1)], [self.row(1)])
        self.assertEqual(self.counts(run), {"created": 1, "unchanged": 2})

    def test_rows_without_a_number(self):
        row = self.row(1, id=None)
        self.pull([row])
        link = self.Link.search([("phone", "=", self.phone(1))])
        self.assertTrue(link.partner_id)
        self.assertEqual(self.counts(self.pull([row])), {"unchanged": 1})
        # InBoost tells its number later.
        self.assertEqual(self.counts(self.pull([self.row(1)])), {"updated": 1})
        self.assertEqual(link.inboost_id, "id-1")

    # -- archived, deleted ---------------------------------------------------------

    def test_archived_is_found_and_not_created_again(self):
        partner = self.contact(1, active=False)
        run = self.pull([self.row(1, email="one@example.com")])
        self.assertEqual(self.counts(run), {"linked": 1})
        self.assertEqual(self.link_of(1).partner_id, partner)
        self.assertFalse(partner.active)
        partner.active = True
        self.pull([self.row(1)])
        partner.active = False
        self.assertEqual(self.counts(self.pull([self.row(1)])), {"unchanged": 1})

    def test_deleted_is_not_created_again(self):
        self.pull([self.row(1)])
        link = self.link_of(1)
        name = link.partner_id.name
        link.with_context(tracking_disable=False).message_post(body=name)
        line = self.Run.search([]).line_ids
        link.partner_id.unlink()
        self.assertFalse(link.message_ids)
        self.assertEqual((line.phone, line.text, line.received), (False, "", False))
        self.assertEqual((link.state, link.phone, link.fact), ("ignored", False, False))
        contacts = self.Partner.search_count([])
        self.assertEqual(self.counts(self.pull([self.row(1)])), {"unchanged": 1})
        self.assertEqual(self.Partner.search_count([]), contacts)

    # -- another phone -------------------------------------------------------------

    def test_another_phone_here_is_kept_and_asked_about(self):
        self.pull([self.row(1)])
        link = self.link_of(1)
        partner = link.partner_id
        partner.phone = self.phone(7)
        run = self.pull([self.row(1)])
        self.assertEqual(self.counts(run), {"conflict": 1})
        self.assertEqual(partner.phone_sanitized, self.phone(7))
        self.assertIn(self.phone(7), link.reason)
        link.action_settle()
        self.assertEqual(self.counts(self.pull([self.row(1)])), {"unchanged": 1})
        # Events go to the phone here.
        self.assertEqual(self.capture_some(partner=partner).phone, self.phone(7))

    def test_inboosts_phone_is_taken_by_a_person(self):
        self.pull([self.row(1)])
        link = self.link_of(1)
        link.partner_id.phone = self.phone(7)
        self.pull([self.row(1)])
        link.action_take_phone()
        self.assertEqual(link.partner_id.phone_sanitized, self.phone(1))
        self.assertEqual(self.counts(self.pull([self.row(1)])), {"unchanged": 1})

    def test_another_phone_in_inboost(self):
        self.pull([self.row(1)])
        link = self.link_of(1)
        moved = self.row(1, userPhoneNumber="380500000007")
        self.assertEqual(self.counts(self.pull([moved])), {"conflict": 1})
        self.assertEqual(link.partner_id.phone_sanitized, self.phone(1))
        self.backend.policy_phone = "overwrite"
        self.assertEqual(self.counts(self.pull([moved])), {"updated": 1})
        self.assertEqual(link.partner_id.phone_sanitized, self.phone(7))
        self.assertEqual(link.state, "linked")

    def test_a_phone_that_another_contact_has_is_not_doubled(self):
        self.backend.policy_phone = "overwrite"
        self.pull([self.row(1)])
        partner = self.link_of(1).partner_id
        self.contact(7)
        moved = self.row(1, userPhoneNumber="380500000007")
        self.assertEqual(self.counts(self.pull([moved])), {"conflict": 1})
        self.assertEqual(partner.phone_sanitized, self.phone(1))

    def test_a_contact_gets_the_phone_of_another_customer(self):
        self.pull([self.row(1), self.row(2)])
        one, two = self.link_of(1), self.link_of(2)
        one.partner_id.phone = self.phone(2)
        run = self.pull([self.row(1), self.row(2)])
        self.assertEqual(self.counts(run), {"conflict": 1, "unchanged": 1})
        self.assertEqual(one.state, "conflict")
        self.assertNotEqual(one.partner_id, two.partner_id)
        self.assertEqual(len(self.Link.search([])), 2)

    # -- merge ---------------------------------------------------------------------

    def merge(self, kept, *others):
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        partners = kept.union(*others)
        wizard._merge(partners.ids, kept, extra_checks=False)
        self.env.invalidate_all()

    def test_merge_with_links_on_both_keeps_one_and_asks(self):
        self.pull([self.row(1), self.row(2)])
        one, two = self.link_of(1), self.link_of(2)
        kept, gone = one.partner_id, two.partner_id
        self.merge(kept, gone)
        self.assertEqual((one.state, one.partner_id), ("linked", kept))
        self.assertEqual((two.state, two.partner_id.id), ("conflict", False))
        self.assertIn(kept.name, two.reason)
        # The next pull neither makes the one who is gone again nor forgets to ask.
        rows = [self.row(1), self.row(2)]
        self.assertEqual(self.counts(self.pull(rows)), {"unchanged": 1, "conflict": 1})
        self.assertEqual(len(self.Partner.search([("name", "like", "First")])), 1)
        self.assertIn(kept, two.candidate_ids)
        two.action_take_over()
        self.assertEqual((two.state, two.partner_id), ("linked", kept))
        self.assertEqual((one.state, one.partner_id.id), ("ignored", False))

    def test_merge_with_a_link_on_the_one_that_goes(self):
        self.pull([self.row(1)])
        link = self.link_of(1)
        gone = link.partner_id
        kept = self.contact(2)
        self.merge(kept, gone)
        self.assertEqual((link.state, link.partner_id), ("linked", kept))

    def test_merge_of_three_into_one_without(self):
        self.pull([self.row(1), self.row(2)])
        kept = self.contact(3)
        self.merge(kept, self.link_of(1).partner_id, self.link_of(2).partner_id)
        links = self.Link.search([], order="id")
        self.assertEqual(links.mapped("state"), ["linked", "conflict"])
        self.assertEqual(links[0].partner_id, kept)

    def test_merge_with_events_waiting(self):
        self.pull([self.row(1), self.row(2)])
        kept, gone = self.link_of(1).partner_id, self.link_of(2).partner_id
        event = self.capture_some(partner=gone)
        self.merge(kept, gone)
        self.assertEqual(event.partner_id, kept)
        self.assertEqual((event.state, event.phone), ("pending", self.phone(2)))

    # -- companies -----------------------------------------------------------------

    def test_two_companies_with_a_shared_contact(self):
        other = self.env["res.company"].create({"name": "Other"})
        shared = self.contact(1)
        self.pull([self.row(1)])
        second = self.backend.copy(
            {"company_id": other.id, "name": "Second portal", "program_ids": False}
        )
        second._connect()
        self.link(shared, 9, backend_id=second.id)
        here = new_test_user(
            self.env,
            "here",
            "inboost_connector.group_inboost_user",
            company_id=self.env.company.id,
            company_ids=[Command.set(self.env.company.ids)],
        )
        there = new_test_user(
            self.env,
            "there",
            "inboost_connector.group_inboost_user",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        for user, backend in ((here, self.backend), (there, second)):
            # Lists of records are cached for all users alike.
            self.env.invalidate_all()
            seen = self.Link.with_user(user).search([])
            self.assertEqual(seen.backend_id.ids, backend.ids)
            links = shared.with_user(user).inboost_customer_ids
            self.assertEqual(links.backend_id.ids, backend.ids)
        self.assertEqual(len(self.Run.with_user(there).search([])), 0)
        self.assertTrue(shared.with_user(there).is_inboost_customer)
        self.pull([self.row(2)])
        only_here = self.link_of(2).partner_id
        self.assertFalse(only_here.with_user(there).is_inboost_customer)
        self.assertTrue(only_here.with_user(here).is_inboost_customer)
        domain = [("is_inboost_customer", "=", True)]
        found = self.Partner.with_user(there).search(domain)
        self.assertEqual(found, shared)
        self.assertNotIn(
            shared,
            self.Partner.with_user(there).search([("is_inboost_customer", "=", False)]),
        )

    def test_a_contact_of_another_company_is_told_and_not_doubled(self):
        other = self.env["res.company"].create({"name": "Other"})
        theirs = self.contact(1, company_id=other.id)
        everybody = self.Partner.search_count([])
        for _time in range(2):
            self.assertEqual(self.counts(self.pull([self.row(1)])), {"conflict": 1})
        link = self.link_of(1)
        self.assertFalse(link.partner_id)
        self.assertEqual(link.question_kind, "elsewhere")
        self.assertIn(theirs.phone_sanitized, link.reason)
        self.assertNotIn(theirs.name, link.reason)
        self.assertEqual(self.Partner.search_count([]), everybody)
        theirs.company_id = False
        self.assertEqual(self.counts(self.pull([self.row(1)])), {"linked": 1})
        self.assertEqual(self.link_of(1).partner_id, theirs)

    def test_a_contact_made_for_this_company_is_linked(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.contact(1, company_id=other.id)
        self.pull([self.row(1)])
        ours = self.contact(1, company_id=self.env.company.id)
        self.assertEqual(self.counts(self.pull([self.row(1)])), {"linked": 1})
        self.assertEqual(self.link_of(1).partner_id, ours)
        self.assertFalse(self.link_of(1).question)

    # -- rights --------------------------------------------------------------------

    def test_only_an_inboost_user_decides(self):
        self.pull([self.row(1)])
        link = self.link_of(1)
        plain = new_test_user(self.env, "plain", "base.group_user")
        with self.assertRaises(AccessError):
            link.with_user(plain).action_ignore()
        with self.assertRaises(AccessError):
            link.with_user(plain).read(["phone"])
        user = new_test_user(self.env, "iu", "inboost_connector.group_inboost_user")
        with self.assertRaises(AccessError):
            link.with_user(user).write({"phone": "1"})
        link.with_user(user).action_ignore()
        self.assertEqual(link.state, "ignored")
        # The contact itself shows whether it is one, to everybody.
        self.assertFalse(self.contact(5).with_user(plain).is_inboost_customer)

    def test_nothing_to_settle_without_a_contact(self):
        self.pull([self.row(1), self.row(1, id="id-2")])
        with self.assertRaises(UserError):
            self.link_of(2).action_settle()
