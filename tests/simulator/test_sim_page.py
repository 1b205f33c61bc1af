"""What a person sees on the live page, in a real browser."""

import json

import pytest
import requests
from playwright.sync_api import expect


@pytest.fixture
def page(browser, simulator):
    page = browser.new_page()
    trouble = []
    page.on("pageerror", lambda error: trouble.append(str(error)))

    def watch(asked):
        if not asked.url.startswith((simulator.url, "data:")):
            trouble.append(asked.url)

    page.on("request", watch)
    page.goto(simulator.url)
    expect(page.locator("#link")).to_have_text("live")
    yield page
    page.close()
    assert trouble == [], "a script failed, or the page asked for something outside"


def test_events_show_up_as_they_arrive(page, simulator):
    expect(page.locator("#empty")).to_be_visible()
    simulator.balance("event-one", 37.5)
    row = page.locator("tr.arrival")
    expect(row).to_have_count(1)
    for told in ("balance_set", "380671234567", "37.50", "event-on", "200"):
        expect(row).to_contain_text(told)
    expect(page.locator(".badge.repeat")).to_have_count(0)
    row.click()
    expect(page.locator("pre")).to_contain_text('"eventId": "event-one"')
    simulator.balance("event-one", 37.5)
    expect(row).to_have_count(2)
    repeat = row.first.locator(".badge.repeat")
    expect(repeat).to_have_text("repeat, no. 2")
    expect(repeat).to_have_css("background-color", "rgb(198, 40, 40)")
    for name, count in (("arrivals", "2"), ("distinct", "1"), ("doubled", "1")):
        expect(page.locator(f"#{name}")).to_have_text(count)


def test_events_from_before_are_there_after_a_reload(page, simulator):
    simulator.balance("early")
    page.reload()
    expect(page.locator("tr.arrival")).to_have_count(1)


def test_content_cannot_become_markup(page, simulator):
    simulator.send("api/webhok/t/", {"event": "<img src=x onerror=alert(1)>"})
    expect(page.locator("tr.arrival")).to_contain_text("<img")
    expect(page.locator("tbody img")).to_have_count(0)


def test_faults_are_set_and_cleared_by_a_click(page, simulator):
    page.select_option("#place", "webhook")
    page.get_by_role("button", name="503, Retry-After 5").click()
    expect(page.locator("#faults")).to_contain_text("webhook: status 503")
    assert simulator.send("api/webhok/t/", {}).status_code == 503
    expect(page.locator("tr.arrival .badge.warn")).to_have_text("503")
    expect(page.locator("#refused")).to_have_text("1")
    page.get_by_role("button", name="Clear all").click()
    expect(page.locator("#faults li")).to_have_count(0)
    assert simulator.send("api/webhok/t/", {}).status_code == 200


def test_answer_of_a_real_server_for_one_phone(page, simulator):
    page.select_option("#place", "balance_set")
    page.fill("#phone", "380671234567")
    page.fill("#times", "1")
    page.get_by_text("Answers of real servers").click()
    page.get_by_role("button", name="unknown customer").click()
    expect(page.locator("#faults")).to_contain_text("answer unknown_customer")
    other = {"eventId": "e0", "userPhoneNumber": "380501112233", "amount": 1}
    assert simulator.send("api/Bonuses/SetBalance", other).status_code == 200
    assert simulator.balance("e1").status_code == 404
    expect(page.locator("#faults li")).to_have_count(0)
    assert simulator.balance("e1").status_code == 200


def test_list_of_customers_is_filled_and_misbehaves(page, simulator):
    page.fill("#people", "12")
    page.check("#odd")
    page.get_by_role("button", name="Replace the list").click()
    expect(page.locator("#filled")).to_contain_text("customers")
    assert simulator.send("wapi/Clients", {}).json()["totalCount"] > 12
    page.select_option("#listing", "deletes_row")
    expect(page.locator("#listing")).to_have_value("deletes_row")
    simulator.send("wapi/Clients", {})
    expect(page.locator("#listing")).to_have_value("right")


def test_page_names_the_style_and_its_addresses(browser, speaking):
    page = browser.new_page()
    page.goto(speaking("envelope").url)
    expect(page.locator("#style")).to_contain_text("Envelopes")
    option = page.locator("#place option", has_text="/loyalty/v2/purchases/batch")
    expect(option).to_have_text("purchase_details (POST /loyalty/v2/purchases/batch)")
    page.close()


def test_stream_tells_each_arrival_once(simulator):
    with requests.get(f"{simulator.url}/_sim/live", stream=True, timeout=10) as stream:
        lines = stream.iter_lines(decode_unicode=True)

        def bundle():
            line = next(line for line in lines if line.startswith("data: "))
            return json.loads(line.removeprefix("data: "))

        assert bundle()["totals"]["arrivals"] == 0
        for number in range(30):
            simulator.balance(f"e{number}")
        told = []
        while len(told) < 30:
            told += [arrival["event_id"] for arrival in bundle()["arrivals"]]
        assert told == [f"e{number}" for number in range(30)]
