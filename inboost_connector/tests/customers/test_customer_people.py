from unittest.mock import patch

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from ...lib.facts import iso
from ..common_customer import FIND, CustomerCase

ROW = (
    "{inboost_id: id, phone: userPhoneNumber, firstname: userName, lastname: lastName,"
    " email: email, birthdate: birth, source: source, opted_out: unsubscribed}"
)


@tagged("post_install", "-at_install")
class TestCustomerPeople(CustomerCase):
    """People as they are: names, birthdays, phones, logins, consent."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.company.partner_id.tz = "Europe/Kyiv"
        cls.backend.time_zone = "Europe/Kyiv"

    def warnings(self, run):
        return run.line_ids.sorted("id")[-1:].text

    # -- names, dates, phones ------------------------------------------------------

    def test_a_name_with_a_joined_emoji_is_kept(self):
        self.pull([self.row(1, userName="Оксана 👩‍⚕️", lastName=None)])
        self.assertIn("Оксана", self.link_of(1).partner_id.name)

    def test_a_birthday_stored_as_a_moment_is_the_day_whose_midnight_is_nearest(self):
        self.pull([self.row(1, birth="1990-05-16T21:00:00Z")])
        partner = self.link_of(1).partner_id
        self.assertEqual(str(partner.birthdate_date), "1990-05-17")

    def test_a_stand_in_for_an_unknown_birthday_is_empty_and_said(self):
        run = self.pull([self.row(1, birth="1900-01-01T00:00:00")])
        self.assertFalse(self.link_of(1).partner_id.birthdate_date)
        self.assertIn("stands for an unknown one", self.warnings(run))
        self.assertIn("stands for an unknown one", self.link_of(1).warning_text)

    def test_another_apostrophe_is_the_same_name(self):
        partner = self.contact(1, name="Мар'яна")
        self.pull([self.row(1, userName="Мар’яна", lastName="Коваленко")])
        self.assertEqual(partner.lastname, "Коваленко")

    def test_old_trunk_and_two_numbers_are_understood_and_said(self):
        rows = [
            self.row(1, userPhoneNumber="8(067)765-43-21"),
            self.row(2, userPhoneNumber="0677654322, 0501234567"),
        ]
        run = self.pull(rows)
        self.assertEqual(self.counts(run), {"created": 2})
        self.assertEqual(self.link_of(1).phone, "+380677654321")
        self.assertEqual(self.link_of(2).phone, "+380677654322")
        self.assertIn("are several; the first", self.warnings(run))

    def test_sources_that_differ_by_their_form_are_one(self):
        rows = [
            self.row(n, source=source)
            for n, source in enumerate(["Б'юті-салон", "Б’юті - салон", "б'юті–Салон"])
        ]
        self.pull(rows)
        sources = self.Link.search([]).partner_id.inboost_source_id
        self.assertEqual(len(sources), 1)

    def test_warnings_are_worded_for_who_reads_them(self):
        self.env["res.lang"]._activate_lang("uk_UA")
        run = self.pull([self.row(1, birth="1900-01-01T00:00:00")])
        line = run.line_ids
        problem = self.env["inboost.problem"]
        codes = [code for code, _args in line.notes]
        self.assertIn("placeholder_date", codes)
        with patch.object(
            type(problem), "_word_field", lambda self, name: name.upper()
        ):
            line.invalidate_recordset(["text"])
            self.assertIn("BIRTHDATE", line.text)

    # -- accounts ------------------------------------------------------------------

    def account(self, number, **values):
        partner = self.contact(number, email="employee@example.com")
        user = new_test_user(self.env, f"login{number}", "base.group_user", **values)
        # As core makes them: the contact was there first.
        user.partner_id = partner
        partner.email = "employee@example.com"
        return user

    def overwrite(self):
        for word in ("name", "email", "birthdate", "source", "specialty", "phone"):
            self.backend[f"policy_{word}"] = "overwrite"

    def test_an_outsider_does_not_become_a_user(self):
        self.overwrite()
        user = self.account(1)
        name = user.partner_id.name
        run = self.pull([self.row(1, email="outsider@example.com")])
        link = self.link_of(1)
        self.assertEqual(link.partner_id, user.partner_id)
        self.assertEqual(user.partner_id.email, "employee@example.com")
        self.assertEqual(user.partner_id.name, name)
        self.assertEqual(self.counts(run), {"conflict": 1})
        self.assertEqual(link.question_kind, "account")
        self.assertIn("email", link.reason)

    def test_nor_by_a_look_up_or_a_button(self):
        self.overwrite()
        user = self.account(1)
        self.fake.script[FIND] = [
            self.answer(self.row(1, email="outsider@example.com"))
        ]
        with self.enter_registry_test_mode():
            user.partner_id.action_inboost_synchronise()
        self.assertEqual(user.partner_id.email, "employee@example.com")
        link = self.link_of(1)
        self.pull([self.row(1, userPhoneNumber="380500000009")])
        self.assertEqual(user.partner_id.phone_sanitized, self.phone(1))
        with self.assertRaisesRegex(UserError, "has a login"):
            link.action_take_phone()
        self.assertEqual(user.partner_id.phone_sanitized, self.phone(1))

    def test_archived_and_portal_users_have_accounts_too(self):
        self.overwrite()
        gone = self.account(1)
        gone.active = False
        portal = self.account(2)
        portal.group_ids = [Command.set(self.env.ref("base.group_portal").ids)]
        self.pull([self.row(n, email="outsider@example.com") for n in (1, 2)])
        for user in (gone, portal):
            self.assertEqual(user.partner_id.email, "employee@example.com")

    def test_what_a_person_settled_about_an_account_is_not_asked_again(self):
        self.overwrite()
        self.account(1)
        rows = [self.row(1, email="outsider@example.com")]
        self.pull(rows)
        self.link_of(1).action_settle()
        self.assertEqual(self.counts(self.pull(rows)), {"unchanged": 1})
        rows = [self.row(1, email="another@example.com")]
        self.assertEqual(self.counts(self.pull(rows)), {"conflict": 1})

    # -- consent -------------------------------------------------------------------

    def listed_phones(self):
        return self.env["phone.blacklist"].search([]).mapped("number")

    def test_an_opt_out_comes_back_from_inboost_once_it_is_mapped(self):
        rows = [self.row(1, unsubscribed=True)]
        self.pull(rows)
        self.assertNotIn(self.phone(1), self.listed_phones())
        self.endpoint("customers_list").row_map = ROW
        self.pull(rows)
        self.assertIn(self.phone(1), self.listed_phones())
        self.assertTrue(self.link_of(1).opted_out)
        # It wins over who removes it here, too.
        self.env["phone.blacklist"].remove(self.phone(1))
        self.pull(rows)
        self.assertIn(self.phone(1), self.listed_phones())

    def test_nobody_is_opted_in_who_a_person_listed(self):
        self.endpoint("customers_list").row_map = ROW
        self.env["phone.blacklist"].with_user(self.env.ref("base.user_admin")).add(
            self.phone(1)
        )
        self.pull([self.row(1, unsubscribed=False)])
        self.assertIn(self.phone(1), self.listed_phones())

    def test_what_inboost_said_it_may_take_back(self):
        self.endpoint("customers_list").row_map = ROW
        self.pull([self.row(1, unsubscribed=True)])
        self.pull([self.row(1, unsubscribed=False)])
        self.assertNotIn(self.phone(1), self.listed_phones())
        # But not what a person said after it.
        self.pull([self.row(1, unsubscribed=True)])
        blacklist = self.env["phone.blacklist"].with_user(
            self.env.ref("base.user_admin")
        )
        blacklist.remove(self.phone(1))
        blacklist.add(self.phone(1))
        self.pull([self.row(1, unsubscribed=False)])
        self.assertIn(self.phone(1), self.listed_phones())

    def test_who_opted_out_gets_no_marketing(self):
        one, two = self.contact(1), self.contact(2)
        self.env["phone.blacklist"].add(self.phone(1))
        self.assertEqual(self.backend._filter_marketable(one | two), two)
        self.backend.respect_opt_out = False
        self.assertEqual(self.backend._filter_marketable(one | two), one | two)

    def test_it_is_known_who_wants_no_messages_since_when_and_who_said_so(self):
        partner = self.contact(1)

        def consent():
            found = self.env["inboost.customer.consent"]._describe([self.phone(1)])
            return [*found[self.phone(1)].values()]

        self.assertEqual(consent(), [None] * 3, "that nobody objected is no consent")
        entry = self.env["phone.blacklist"].add(self.phone(1))
        since = iso(entry.write_date)
        self.assertEqual(consent(), [True, "odoo", since])
        # Another portal said it.
        self.link(partner, 1, opted_out=True)
        self.assertEqual(consent(), [True, "inboost", since])

    # -- not in InBoost, and why ---------------------------------------------------

    def test_why_somebody_is_not_in_inboost(self):
        mute = self.contact(1, phone=False)
        wrong = self.contact(2, phone="050 12")
        other = self.contact(3)
        out = self.contact(4)
        linked = self.contact(5)
        self.link(linked)
        self.env["phone.blacklist"].add(self.phone(4))
        partners = mute | wrong | other | out | linked
        self.assertEqual(
            partners.mapped("inboost_absence"),
            ["no_phone", "invalid_phone", "not_linked", "opted_out", False],
        )
        self.assertIn("“050 12” is not a valid phone", wrong.inboost_absence_need)
        for partner in partners - linked:
            found = self.Partner.search(
                [
                    ("id", "in", partners.ids),
                    ("inboost_absence", "=", partner.inboost_absence),
                ]
            )
            self.assertEqual(found, partner)

    # -- conflicts -----------------------------------------------------------------

    def test_a_conflict_goes_with_the_merge(self):
        one, two = self.contact(1, name="One"), self.contact(1, name="Two")
        self.pull([self.row(1)])
        link = self.link_of(1)
        self.assertEqual(link.state, "conflict")
        kept = link.partner_id
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((one | two).ids, kept, extra_checks=False)
        self.env.invalidate_all()
        self.assertEqual((link.state, link.reason), ("linked", False))

    def test_both_people_are_shown_side_by_side(self):
        rows = [
            self.row(1, userName="Kateryna", email="k@example.com"),
            self.row(1, id="id-2", userName="Inna", email="i@example.com"),
        ]
        self.pull(rows)
        link = self.link_of(2)
        for text in ("Kateryna", "Inna", "k@example.com", "i@example.com"):
            self.assertIn(text, link.comparison)
        self.assertIn("to Inna Last1 (id-2)", link.label_take_over)
        self.assertIn("ignore Inna Last1 (id-2)", link.label_ignore)

    def test_one_of_several_contacts_is_chosen_from_the_list(self):
        one, two = self.contact(1, name="One"), self.contact(1, name="Two")
        self.pull([self.row(1)])
        link = self.link_of(1)
        other = (one | two) - link.partner_id
        other.with_context(inboost_link_id=link.id).action_inboost_link_here()
        self.assertEqual((link.partner_id, link.state), (other, "linked"))
        self.assertEqual(self.counts(self.pull([self.row(1)])), {"unchanged": 1})
