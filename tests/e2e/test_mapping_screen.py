"""The screen on which an administrator writes expressions, in Chromium."""

import pytest
from playwright.sync_api import expect

from tests.support.register import sign_in
from tests.support.typist import Typist

BODY = ".o_field_widget[name=body]"


@pytest.fixture(scope="module")
def screen(odoo, page):
    # The first screen of a new database makes all of Odoo's scripts.
    page.set_default_timeout(120_000)
    sign_in(page, odoo)
    endpoint = odoo.value(
        "SELECT id FROM inboost_endpoint WHERE operation = 'balance_set'"
    )
    place = f"{odoo.url}/odoo/action-inboost_connector.inboost_endpoint_action"
    page.goto(f"{place}/{endpoint}")
    page.locator(f"{BODY} .ace_content").wait_for()
    return Typist(page, odoo)


@pytest.fixture
def type_body(screen):
    """Type an expression in place of the one that is there."""

    def type_body(text):
        page = screen.page
        page.locator(f"{BODY} .ace_content").click()
        page.keyboard.press("Control+a")
        page.keyboard.press("Delete")
        page.keyboard.insert_text(text)

    yield type_body
    screen.page.locator(".o_form_button_cancel").click()


def caret(page):
    """Where the body's caret stands."""
    return page.locator(f"{BODY} .ace_editor").evaluate(
        "element => element.env.editor.getCursorPosition()"
    )


def test_a_click_puts_a_value_where_one_types_and_the_request_follows(
    screen, type_body, tmp_path
):
    page = screen.page
    type_body("{points: ")
    page.locator(".inboost-input button[title=amount]").click()
    page.keyboard.insert_text("}")
    request = page.locator(".o_field_widget[name=preview]")
    expect(request).to_contain_text('"points": 45.0')
    page.screenshot(path=tmp_path / "mapping.png")


def test_what_is_wrong_is_said_below_and_the_caret_goes_to_its_place(
    screen, type_body, tmp_path
):
    page = screen.page
    type_body("{points: amount, phone: fone(phone)}")
    problem = page.locator(f"{BODY} button", has_text="there is no function fone()")
    problem.wait_for()
    page.locator(f"{BODY} .ace_gutter-cell.ace_error").wait_for()
    page.screenshot(path=tmp_path / "wrong.png")
    problem.click()
    assert caret(page) == {"row": 0, "column": 24}
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("{points: amount}")
    problem.wait_for(state="detached")


def test_a_misspelt_name_is_warned_of_while_one_types(screen, type_body):
    type_body("{points: amuont}")
    warning = screen.page.locator(".o_field_widget[name=warnings]")
    expect(warning).to_contain_text("nothing is called amuont here")


def test_who_has_only_a_keyboard_gets_out_of_the_editor(screen, type_body):
    page = screen.page
    type_body("{points: amount}")
    page.keyboard.press("Tab")
    within = page.locator(f"{BODY} .ace_editor").evaluate(
        "element => element.contains(document.activeElement)"
    )
    assert not within
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Escape")


def test_what_is_wrong_cannot_be_saved_and_says_where(screen, type_body):
    page = screen.page
    type_body("{points: fone(amount)}")
    page.locator(".o_form_button_save").click()
    told = page.locator(".modal .modal-body")
    expect(told).to_contain_text("there is no function fone() (at character 10")
    page.locator(".modal-footer button", has_text="Close").or_(
        page.locator(".modal-footer button.btn-primary")
    ).first.click()


def test_the_address_that_is_typed_is_in_the_request_at_once(screen):
    page = screen.page
    address = page.locator(".o_field_widget[name=address_entry] input")
    address.fill("/points/{phone}")
    address.press("Tab")
    request = page.locator(".o_field_widget[name=preview]")
    expect(request).to_contain_text("/points/%2B380671234567")
    page.locator(".o_form_button_cancel").click()
