"""What an administrator does in a new database, in Chromium: the company, the apps, a
shop that sells, and the people who work there."""

import re

from playwright.sync_api import expect


def enter(page, app, *menus):
    """Open an app, whose first screen has its name.

    :param menus: titles in the app's own menu: a group, what is in it
    """
    page.locator(".o_navbar_apps_menu button").click()
    choose(page, app)
    arrive(page, app)
    if menus:
        group, title = menus
        page.locator(".o_menu_sections").get_by_text(group, exact=True).click()
        choose(page, title)
        arrive(page, title)


def choose(page, title):
    page.locator(".o-dropdown--menu").get_by_text(title, exact=True).click()


def arrive(page, title):
    page.locator(f".o_last_breadcrumb_item:has(:text-is('{title}'))").wait_for()


def begin(page):
    page.locator(".o_control_panel button:visible:has-text('New')").first.click()
    page.locator(".o_form_view .o_form_editable").wait_for()


def fill(page, **values):
    for name, value in values.items():
        field = page.locator(f".o_form_view .o_field_widget[name={name}]")
        field.locator("input, textarea").first.fill(value)


def save(page):
    page.locator(".o_form_button_save").click()
    saved = page.locator(".o_form_status_indicator_buttons.invisible")
    saved.wait_for(state="attached")


def settle_in(page, country):
    """The company's country brings its currency and its chart of accounts."""
    enter(page, "Settings")
    page.locator("button:has-text('Update Info')").click()
    fill(page, country_id=country)
    page.locator(".o-autocomplete--dropdown-item", has_text=country).first.click()
    save(page)


def activate(page, word, summary):
    """Press *Activate* of an app, which takes a while."""
    enter(page, "Apps")
    search = page.locator(".o_searchview_input")
    search.fill(word)
    search.press("Enter")
    # The cards that were there before take a click and do nothing.
    cards = page.locator(".o_kanban_record:not(.o_kanban_ghost)")
    others = cards.filter(has_not_text=re.compile(word, re.I))
    expect(others).to_have_count(0)
    card = cards.filter(has_text=summary)
    card.locator("button:has-text('Activate')").click()


def make_shop(page):
    """As Point of Sale offers it where there is none."""
    enter(page, "Point of Sale")
    page.locator(".pos-scenario-card:has-text('Any shop')").click()
    page.locator(".o_kanban_record:has-text('Open Register')").wait_for()


def make_product(page, name, price):
    enter(page, "Point of Sale", "Products", "Products")
    begin(page)
    fill(page, name=name, list_price=price)
    save(page)


def make_loyalty_program(page):
    """By the template, without a change."""
    enter(page, "Point of Sale", "Products", "Discount & Loyalty")
    page.locator(".loyalty-template:has-text('Loyalty Card')").click()
    arrive(page, "Loyalty Cards")


def make_customer(page, first_name, last_name, phone):
    enter(page, "Contacts")
    begin(page)
    page.locator(".o_field_widget[name=company_type] label:text('Person')").click()
    fill(page, firstname=first_name, lastname=last_name, phone=phone)
    save(page)


def make_user(page, login, first_name, last_name, groups):
    """:param groups: {title of an app: its group}; all else stays as proposed"""
    enter(page, "Settings", "Users & Companies", "Users")
    begin(page)
    fill(page, login=login, firstname=first_name, lastname=last_name)
    for app, group in groups.items():
        page.get_by_label(app).click()
        page.locator(".o_select_menu_item").get_by_text(group, exact=True).click()
        expect(page.get_by_label(app)).to_have_value(group)
    save(page)


def set_password(page, password):
    """Of the user whose form is open."""
    page.locator(".o_cp_action_menus button").click()
    choose(page, "Change Password")
    page.locator(".modal td[name=new_passwd]").click()
    page.locator(".modal td[name=new_passwd] input").fill(password)
    page.locator(".modal-footer button:has-text('Change Password')").click()
    page.locator(".modal").wait_for(state="detached")
