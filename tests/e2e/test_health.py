"""The first screen of the app in Chromium: what is wrong appears, its button mends it,
and it is gone."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.register import sign_in

MAKE_USER = """
env["res.users"].with_context(no_reset_password=True).create({
    "name": "viewer", "login": "viewer", "password": "viewer",
    "group_ids": [(6, 0, env.ref("inboost_connector.group_inboost_user").ids)]})
env.company.country_id = env.ref("base.ua")
env.cr.commit()
"""
PAUSE = (
    "UPDATE inboost_endpoint SET paused = {paused}, pause_code = 'no_such_address',"
    " pause_args = '{{\"status\": 404}}' WHERE operation = 'purchase'"
)
TROUBLE = "[data-code='endpoint_paused']"


@pytest.fixture(scope="module", autouse=True)
def viewer(odoo):
    odoo.shell(MAKE_USER)


@pytest.fixture
def broken(odoo):
    odoo.sql(PAUSE.format(paused="TRUE"))
    yield
    odoo.sql(PAUSE.format(paused="FALSE"))


def enter(browser, odoo, login="admin", width=1366):
    """:return: (page, list of its errors)"""
    context = browser.new_context(viewport={"width": width, "height": 800})
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    sign_in(page, odoo, login)
    page.locator(".o_main_navbar").wait_for()
    return page, errors


def open_health(browser, odoo, login="admin", width=1366):
    page, errors = enter(browser, odoo, login, width)
    page.goto(f"{odoo.url}/odoo/inboost")
    page.locator(".o_inboost_health_view section[data-backend]").wait_for()
    return page, errors


def test_the_app_opens_with_it(browser, odoo):
    page, errors = enter(browser, odoo)
    page.locator(".o_navbar_apps_menu button").click()
    page.locator(".o_app:has-text('InBoost')").click()
    page.locator(".o_inboost_health_view section[data-backend]").wait_for()
    assert errors == []
    page.context.close()


def test_what_is_wrong_is_said_mended_and_gone(browser, odoo, broken):
    page, errors = open_health(browser, odoo)
    backend = page.locator("section[data-backend]").first
    expect(backend).to_have_attribute("data-level", "danger")
    trouble = page.locator(TROUBLE)
    expect(trouble).to_contain_text("Nothing is at this address")
    trouble.locator("button[name=resume]").click()
    expect(trouble).to_have_count(0)
    assert (
        odoo.value("SELECT paused FROM inboost_endpoint WHERE operation = 'purchase'")
        == "f"
    )
    assert errors == []
    page.context.close()


def test_a_user_sees_it_and_has_no_buttons(browser, odoo, broken):
    page, errors = open_health(browser, odoo, "viewer")
    expect(page.locator(TROUBLE)).to_be_visible()
    expect(page.locator(f"{TROUBLE} button")).to_have_count(0)
    expect(page.locator("text=Support Bundle")).to_have_count(0)
    page.locator("button[name=held]").first.click()
    page.locator(".o_list_view").wait_for()
    expect(page.locator(".o_searchview")).to_contain_text("Held")
    assert errors == []
    page.context.close()


def test_it_fits_on_a_phone(browser, odoo, broken):
    page, errors = open_health(browser, odoo, width=390)
    wide = "document.documentElement.scrollWidth > window.innerWidth"
    assert not page.evaluate(wide)
    box = page.locator(f"{TROUBLE} button").first.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    assert errors == []
    page.context.close()


def test_the_support_bundle_is_downloaded(browser, odoo):
    page, errors = open_health(browser, odoo)
    with page.expect_download() as download:
        page.locator("text=Support Bundle").first.click()
    assert re.fullmatch(r"inboost_support_\d+\.zip", download.value.suggested_filename)
    assert errors == []
    page.context.close()
