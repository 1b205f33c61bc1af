"""What a cashier and an administrator see of people: in Chromium."""

import re

import pytest

from tests.support.odoo_server import wait_until
from tests.support.register import open_register, sign_in

MAKE = """
env = env(user=env.ref("base.user_admin").id)
env.company.country_id = env.ref("base.ua")
make = env["res.partner"].create
make({"name": "Halyna Here", "phone": "067 555 00 01"})
make({"name": "Mute Mykola"})
make({"name": "Wrong Vira", "phone": "067 12"})
for name in ("Namesake One", "Namesake Two"):
    make({"name": name, "phone": "067 555 00 09"})
env.cr.commit()
print("made")
"""


def client(number, **values):
    return {
        "id": f"c-{number}",
        "userPhoneNumber": f"38067{number:07}",
        "userName": f"First{number}",
        "lastName": f"Last{number}",
        "lang": "UA",
        **values,
    }


@pytest.fixture(scope="module")
def people(odoo, inboost):
    assert "made" in odoo.shell(MAKE).stdout
    rows = [
        client(5550002, userName="Sofiia", lastName="Melnyk"),
        client(5550001, userName="Halyna", lastName="There"),
        client(5550009),
        client(5550010, id="c-1", userName="Kateryna", email="k@example.com"),
        client(5550010, id="c-2", userName="Inna", email="i@example.com"),
        client(5550011, userPhoneNumber="06x"),
    ]
    inboost.control("POST", "clients", {"clients": rows, "raw": True})


@pytest.fixture(scope="module")
def till(odoo, page, people):
    sign_in(page, odoo)
    open_register(page, odoo)
    return page


def type_customer(page, text):
    search = page.locator(".modal:has-text('Choose customer') input").first
    if not search.is_visible():
        page.locator("button.set-partner").click()
    search.fill(text)


def contrast_of(locator):
    """WCAG 2's ratio of the text to what is behind it."""
    return locator.evaluate(
        """element => {
            const style = getComputedStyle(element);
            const light = color => {
                const [r, g, b] = color.match(/[\\d.]+/g).slice(0, 3).map(v => {
                    const part = v / 255;
                    return part <= 0.03928
                        ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
                });
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
            };
            const [a, b] = [light(style.color), light(style.backgroundColor)];
            return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        }"""
    )


def test_silence_is_not_taken_for_nobody_and_needs_no_enter(till, inboost, tmp_path):
    page = till
    inboost.fault("api/booking_settings/getUser", silence=5)
    type_customer(page, "067 555 00 02")
    ask = page.locator(".inboost-ask button")
    ask.wait_for()
    assert "067 555 00 02" in ask.inner_text()
    page.screenshot(path=tmp_path / "ask.png")
    ask.click()
    page.locator(".inboost-ask .fa-spinner").wait_for()
    page.screenshot(path=tmp_path / "asking.png")
    page.locator(".inboost-ask:has-text('InBoost did not answer')").wait_for()
    page.screenshot(path=tmp_path / "silent.png")
    inboost.control("DELETE", "faults")
    page.locator(".inboost-ask button:has-text('Ask again')").click()
    line = page.locator(".partner-line:has-text('Sofiia Melnyk')")
    line.wait_for()
    page.screenshot(path=tmp_path / "found.png")
    line.click()
    badge = page.locator("button.set-partner .inboost-customer")
    badge.wait_for()
    page.screenshot(path=tmp_path / "chosen.png")
    assert contrast_of(badge) >= 4.5


def test_nobody_is_said_to_be_nobody(till, tmp_path):
    page = till
    type_customer(page, "067 555 99 99")
    page.locator(".inboost-ask button").click()
    page.locator(".inboost-ask:has-text('InBoost has no customer')").wait_for()
    page.screenshot(path=tmp_path / "unknown.png")


def test_a_contact_who_is_here_is_linked_when_chosen(till, odoo, tmp_path):
    page = till
    type_customer(page, "Halyna")
    page.locator(".modal:has-text('Choose customer') input").first.press("Enter")
    line = page.locator(".partner-line:has-text('Halyna Here')")
    line.first.click()
    page.locator(
        "button.set-partner:has-text('Halyna Here') .inboost-customer"
    ).wait_for(timeout=15000)
    page.screenshot(path=tmp_path / "linked.png")
    linked = odoo.value(
        "SELECT count(*) FROM inboost_customer WHERE inboost_id = 'c-5550001'"
    )
    assert linked == "1"


def pull(odoo):
    [backend] = odoo.execute("inboost.backend", "search", [])
    run = odoo.execute("inboost.backend", "action_synchronise", [backend])["res_id"]
    odoo.wake("ir_cron_pull")
    state = f"SELECT state FROM inboost_sync_run WHERE id = {run}"
    wait_until(lambda: odoo.value(state) == "done", 60, "the pull")
    return run


def test_two_people_side_by_side_and_a_button_that_says_what_it_does(
    till, odoo, people, tmp_path
):
    page = till
    pull(odoo)
    page.goto(f"{odoo.url}/odoo/action-inboost_connector.inboost_customer_action")
    page.locator(".o_data_row").first.wait_for()
    page.screenshot(path=tmp_path / "list.png")
    assert "Conflict" in page.locator(".o_data_row").first.inner_text()
    link = odoo.value("SELECT id FROM inboost_customer WHERE inboost_id = 'c-2'")
    page.goto(
        f"{odoo.url}/odoo/action-inboost_connector.inboost_customer_action/{link}"
    )
    button = page.locator("button[name=action_take_over]")
    button.wait_for()
    page.screenshot(path=tmp_path / "conflict.png", full_page=True)
    assert "Inna" in button.inner_text()
    assert "c-2" in button.inner_text()
    table = page.locator(".o_field_widget[name=comparison]").inner_text()
    assert "k@example.com" in table
    assert "i@example.com" in table
    page.set_viewport_size({"width": 390, "height": 844})
    page.screenshot(path=tmp_path / "conflict-phone.png")
    page.set_viewport_size({"width": 1366, "height": 900})
    button.click()
    page.locator(".modal-footer .btn-primary").click()
    page.locator(".o_statusbar_status button.o_arrow_button_current:has-text('Linked')")
    states = f"SELECT state FROM inboost_customer WHERE id = {link}"
    wait_until(lambda: odoo.value(states) == "linked", 30, "the decision")


def test_one_of_several_contacts_is_chosen_by_a_button(till, odoo, tmp_path):
    page = till
    link = odoo.value("SELECT id FROM inboost_customer WHERE inboost_id = 'c-5550009'")
    page.goto(
        f"{odoo.url}/odoo/action-inboost_connector.inboost_customer_action/{link}"
    )
    row = page.locator(".o_data_row:has-text('Namesake Two')")
    row.wait_for()
    page.screenshot(path=tmp_path / "several.png", full_page=True)
    row.locator("button[name=action_inboost_link_here]").click()
    chosen = (
        "SELECT p.name || l.state FROM inboost_customer l"
        f" JOIN res_partner p ON p.id = l.partner_id WHERE l.id = {link}"
    )
    wait_until(lambda: odoo.value(chosen) == "Namesake Twolinked", 30, "the decision")


def test_find_answers_in_its_own_window(till, odoo, tmp_path):
    page = till
    page.goto(f"{odoo.url}/odoo/action-inboost_connector.inboost_customer_find_action")
    field = page.locator(".modal .o_field_widget[name=phone] input")
    field.fill("067 12")
    page.locator(".modal-footer button[name=action_find]:visible").click()
    page.locator(".modal .alert:has-text('it is too short')").wait_for()
    page.screenshot(path=tmp_path / "invalid.png")
    page.locator(".modal .o_field_widget[name=phone] input").fill("0675559999")
    page.locator(".modal-footer button[name=action_find]:visible").click()
    page.locator(".modal .alert:has-text('has no customer')").wait_for()
    page.screenshot(path=tmp_path / "unknown.png")
    page.locator(".modal-footer button[name=action_create_contact]").click()
    phone = page.locator(".o_form_view .o_field_widget[name=phone] input")
    phone.wait_for()
    wait_until(
        lambda: re.sub(r"\D", "", phone.input_value()) == "380675559999",
        30,
        "the phone",
    )


def test_a_line_of_a_run_shows_the_row_as_received(till, odoo, tmp_path):
    page = till
    run = odoo.value("SELECT max(id) FROM inboost_sync_run")
    page.goto(f"{odoo.url}/odoo/action-inboost_connector.inboost_sync_run_action/{run}")
    page.locator("button[name=action_view_lines]").first.click()
    row = page.locator(".o_data_row:has-text('06x')")
    row.wait_for()
    page.screenshot(path=tmp_path / "lines.png")
    row.locator("td[name=text]").click()
    received = page.locator(".o_field_widget[name=received_text]")
    received.wait_for()
    page.screenshot(path=tmp_path / "line.png")
    assert '"userPhoneNumber": "06x"' in received.inner_text()


def test_runs_are_cards_on_a_phone(till, odoo, tmp_path):
    page = till
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{odoo.url}/odoo/action-inboost_connector.inboost_sync_run_action")
    page.locator(".o_kanban_record:has-text('Done')").first.wait_for()
    page.screenshot(path=tmp_path / "runs.png")
    page.set_viewport_size({"width": 1366, "height": 900})


def test_who_is_not_in_inboost_and_why(till, odoo, tmp_path):
    page = till
    odoo.shell(
        """
env = env(user=env.ref("base.user_admin").id)
backend = env["inboost.backend"].search([], limit=1)
program = env["loyalty.program"].search([("program_type", "=", "loyalty")], limit=1)
program = program or env["loyalty.program"].create(
    {"name": "Bonuses", "program_type": "loyalty"})
backend.program_ids = program
for name in ("Mute Mykola", "Wrong Vira"):
    partner = env["res.partner"].search([("name", "=", name)])
    env["loyalty.card"].create({"program_id": program.id, "partner_id": partner.id})
env.cr.commit()
"""
    )
    page.goto(f"{odoo.url}/odoo/action-inboost_connector.inboost_unsent_action")
    # Groups are open.
    page.locator(".o_group_header:has-text('Invalid phone')").wait_for()
    row = page.locator(".o_data_row:has-text('Wrong Vira'):has-text('Customer')")
    row.wait_for()
    page.screenshot(path=tmp_path / "unsent.png")
    assert "it is too short" in row.inner_text()
    row.locator("td[name=need]").click()
    page.locator(".o_form_view .o_field_widget[name=phone] input").wait_for()
    page.locator(".nav-link:has-text('InBoost')").click()
    page.screenshot(path=tmp_path / "contact.png")
