"""The screen on which an administrator writes expressions, in Chromium."""

from functools import partial

import pytest
from playwright.sync_api import expect

from tests.support.register import sign_in
from tests.support.typist import Typist

BODY = ".o_field_widget[name=body]"
#: What is asked while one types: the request as it would leave, and what is wrong.
ASKED = "**/call_kw/inboost.endpoint/onchange*"
READ = "**/call_kw/inboost.endpoint/web_read*"
SAVED = "**/call_kw/inboost.endpoint/web_save*"
CLEAN = ".o_form_status_indicator_buttons.invisible"


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
    page.set_default_timeout(30_000)
    return Typist(page, odoo)


class Slow:
    """A server that answers what is asked while one types, and what is saved, when it
    is let, and not before."""

    def __init__(self, page):
        self.page, self.asked, self.is_slow = page, [], True
        for place in (ASKED, SAVED):
            page.route(place, self.hold)

    def hold(self, route):
        self.asked.append(route)
        if not self.is_slow:
            self.answer()

    def wait(self):
        while not self.asked:
            self.page.wait_for_timeout(20)

    def answer(self):
        self.asked.pop(0).continue_()

    def recover(self):
        self.is_slow = False
        while self.asked:
            self.answer()


@pytest.fixture
def slow(screen):
    slow = Slow(screen.page)
    yield slow
    slow.recover()
    for place in (ASKED, SAVED):
        screen.page.unroute(place)


def enter_body(screen, text):
    """Type an expression in place of the one that is there."""
    page = screen.page
    screen.enter_code(page.locator(BODY))
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(text)


@pytest.fixture
def type_body(screen):
    """As :func:`enter_body`; it is discarded in the end."""
    yield partial(enter_body, screen)
    screen.page.locator(".o_form_button_cancel").click()
    # What is typed before that is done, and saved at once, is discarded with the rest.
    expect(screen.page.locator(CLEAN)).to_have_count(1)


def written(page):
    """What stands in the body's editor, once all that has come is drawn."""
    page.evaluate(
        "() => new Promise(done => setTimeout(() => requestAnimationFrame("
        "() => requestAnimationFrame(done))))"
    )
    return page.locator(f"{BODY} .ace_editor").evaluate(
        "element => element.env.editor.getValue()"
    )


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


# -- a slow server: nothing that was typed is lost -----------------------------------


def test_what_was_typed_wins_over_an_answer_that_comes_later(screen, type_body, slow):
    page = screen.page
    type_body("{points: amount}")
    slow.wait()
    page.keyboard.press("ArrowLeft")
    page.keyboard.insert_text(", change: change")
    slow.answer()
    request = page.locator(".o_field_widget[name=preview]")
    expect(request).to_contain_text('"points": 45.0')
    assert written(page) == "{points: amount, change: change}"
    assert caret(page) == {"row": 0, "column": 31}
    page.keyboard.insert_text(", key: key")
    slow.recover()
    expect(request).to_contain_text('"key": "sample"')
    assert written(page) == "{points: amount, change: change, key: key}"


def test_a_value_that_is_clicked_while_the_server_thinks_stays(screen, type_body, slow):
    page = screen.page
    type_body("{points: ")
    page.locator(".inboost-input button[title=amount]").click()
    slow.wait()
    page.keyboard.insert_text(", change: ")
    page.locator(".inboost-input button[title=change]").click()
    slow.answer()
    page.locator(f"{BODY} .text-danger").wait_for()
    assert written(page) == "{points: amount, change: change"
    page.keyboard.insert_text("}")
    slow.recover()
    request = page.locator(".o_field_widget[name=preview]")
    expect(request).to_contain_text('"change": 10.0')
    assert written(page) == "{points: amount, change: change}"


def test_what_is_typed_after_a_discard_is_not_discarded_with_it(
    screen, type_body, slow
):
    page = screen.page
    type_body("{points: amount}")
    slow.wait()
    page.locator(".o_form_button_cancel").click()
    type_body("{late: amount}")
    page.keyboard.press("Tab")
    slow.recover()
    request = page.locator(".o_field_widget[name=preview]")
    expect(request).to_contain_text('"late": 45.0')
    assert written(page) == "{late: amount}"


def test_what_was_typed_is_there_when_its_page_is_opened_again(screen, type_body, slow):
    page = screen.page
    type_body("{points: amount}")
    slow.wait()
    page.keyboard.press("ArrowLeft")
    page.keyboard.insert_text(", key: key")
    for title in ("Answer", "Request"):
        page.locator(".o_notebook_headers .nav-link", has_text=title).click()
        page.locator(f"{BODY} .ace_content").wait_for(
            state="attached" if title == "Request" else "detached"
        )
    assert written(page) == "{points: amount, key: key}"
    slow.recover()
    request = page.locator(".o_field_widget[name=preview]")
    expect(request).to_contain_text('"key": "sample"')
    assert written(page) == "{points: amount, key: key}"


# -- from one endpoint to the next ---------------------------------------------------


@pytest.fixture
def two(screen):
    """The first of two endpoints is open, and the pager leads to the next.

    :return: a function that gives the bodies of both as they are kept
    """
    page, odoo = screen.page, screen.odoo
    screen.open_menu("Configuration", "Endpoints")
    ids = odoo.execute("inboost.endpoint", "search", [])
    names = odoo.execute("inboost.endpoint", "read", ids, ["operation"])
    first = [row["operation"] for row in names].index("balance_set")
    ids = ids[first : first + 2]

    def bodies():
        rows = odoo.execute("inboost.endpoint", "read", ids, ["body"])
        return [row["body"] for row in rows]

    before = bodies()
    page.locator(".o_data_row", has_text="Bonus balance").locator("td").nth(1).click()
    page.locator(f"{BODY} .ace_content").wait_for()
    yield bodies
    for id_, body in zip(ids, before, strict=True):
        odoo.execute("inboost.endpoint", "write", [id_], {"body": body})


def turn(page, way, title):
    page.locator(f".o_pager_{way}").click()
    return page.locator(".o_form_view h1", has_text=title)


def test_what_was_typed_is_saved_where_it_was_typed(screen, two, slow):
    page = screen.page
    _first, second = two()
    enter_body(screen, "{points: amount, one: key}")
    purchase = turn(page, "next", "Purchase")
    slow.wait()
    slow.recover()
    purchase.wait_for()
    assert written(page) == second
    assert two() == ["{points: amount, one: key}", second]


def test_what_is_typed_while_it_is_saved_never_lands_in_the_next(screen, two, slow):
    page = screen.page
    _first, second = two()
    enter_body(screen, "{points: amount}")
    slow.wait()
    slow.answer()
    request = page.locator(".o_field_widget[name=preview]")
    expect(request).to_contain_text('"points": 45.0')
    purchase = turn(page, "next", "Purchase")
    slow.wait()
    enter_body(screen, "{points: amount, late: key}")
    slow.recover()
    purchase.wait_for()
    assert written(page) == second
    clean = page.locator(CLEAN)
    expect(clean).to_have_count(1)
    assert two() == ["{points: amount}", second]
    turn(page, "previous", "Bonus balance").wait_for()
    assert written(page) == "{points: amount, late: key}"
    with page.expect_response(SAVED):
        page.locator(".o_form_button_save").click()
    expect(clean).to_have_count(1)
    assert two() == ["{points: amount, late: key}", second]


def test_what_is_typed_before_a_form_is_read_anew_can_be_saved(screen, two, slow):
    """Odoo shows a form as it was when it was left, and reads it then."""
    page = screen.page
    turn(page, "next", "Purchase").wait_for()
    first, second = two()
    ids = screen.odoo.execute("inboost.endpoint", "search", [["body", "=", first]])
    screen.odoo.execute("inboost.endpoint", "write", ids, {"body": "{other: amount}"})
    read = []
    page.route(READ, lambda route: read.append(route))
    turn(page, "previous", "Bonus balance").wait_for()
    enter_body(screen, "{late: amount}")
    slow.wait()
    while not read:
        page.wait_for_timeout(20)
    with page.expect_response(READ):
        read.pop().continue_()
    page.unroute(READ)
    slow.recover()
    request = page.locator(".o_field_widget[name=preview]")
    expect(request).to_contain_text('"late": 45.0')
    with page.expect_response(SAVED):
        page.locator(".o_form_button_save").click()
    assert two() == ["{late: amount}", second]


# -- what is wrong -------------------------------------------------------------------


def test_what_is_wrong_is_said_below_and_the_caret_goes_to_its_place(
    screen, type_body, tmp_path
):
    page = screen.page
    type_body("{points: amount, phone: fone(phone)}")
    problem = page.locator(f"{BODY} button", has_text="there is no function fone()")
    problem.wait_for()
    page.locator(f"{BODY} .ace_gutter-cell.ace_error").wait_for()
    written(page)
    expect(page.locator(f"{BODY} .ace_line")).to_contain_text("fone(phone)")
    expect(page.locator(f"{BODY} .ace_line").first).to_be_in_viewport()
    page.screenshot(path=tmp_path / "wrong.png")
    problem.click()
    assert caret(page) == {"row": 0, "column": 24}
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("{points: amount}")
    problem.wait_for(state="detached")


def test_a_path_of_the_answer_says_what_is_wrong_with_it_in_its_place(screen):
    page = screen.page
    path = screen.show("failure_path")
    screen.enter_code(path)
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("ok == `false` && nope(error)")
    problem = path.locator("button", has_text="there is no function nope()")
    problem.wait_for()
    problem.click()
    found = path.locator(".ace_editor").evaluate(
        "element => element.env.editor.getCursorPosition()"
    )
    assert found == {"row": 0, "column": 17}
    page.locator(".o_form_button_cancel").click()
    problem.wait_for(state="detached")
    screen.show("body")


def test_functions_are_explained_beside_where_one_types(screen, tmp_path):
    page = screen.page
    for name in ("body", "failure_path"):
        screen.show(name)
        functions = page.locator(".o_form_view details")
        functions.locator("summary").click()
        expect(functions).to_contain_text("phone(phone, style)")
        expect(page.locator(f".o_field_widget[name={name}]").first).to_be_visible()
        page.screenshot(path=tmp_path / f"functions-{name}.png")
        functions.locator("summary").click()
    screen.show("body")


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


def test_a_value_goes_into_what_is_on_the_screen(screen):
    """Also when an expression of another page was edited last."""
    page, odoo = screen.page, screen.odoo
    endpoint = odoo.value(
        "SELECT id FROM inboost_endpoint WHERE operation = 'customers_list'"
    )
    place = f"{odoo.url}/odoo/action-inboost_connector.inboost_endpoint_action"
    page.goto(f"{place}/{endpoint}")
    page.locator(f"{BODY} .ace_content").wait_for()
    screen.enter_code(screen.show("row_map"))
    body = screen.show("body")
    page.locator(".inboost-input button[title=page_size]").click()
    expect(body.locator(".ace_content")).to_contain_text("page_size{Lang")
    page.locator(".o_form_button_cancel").click()
