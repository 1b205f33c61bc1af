"""Pictures of all screens for the documentation: the demo shop, seen in Chromium.

They go to docs/images/en and docs/images/uk. Look at each before you commit it, and say
in docs/screens.rst what you think of it."""

import argparse
import io
import shutil
import time
from dataclasses import dataclass

import cluster
import demo
from PIL import Image
from playwright.sync_api import sync_playwright
from workspace import ROOT, STATE, Trouble, free_port, main, say

IMAGES = ROOT / "docs/images"
DATABASE = "screenshots"
#: {folder: login, which is the password, too}
LANGUAGES = {"en": "admin", "uk": "oksana"}
WIDE, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}
COLOURS = 128
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run"]
#: Whether nothing is on its way any more.
QUIET = """
    SELECT NOT EXISTS (SELECT FROM inboost_event WHERE state IN ('pending', 'sending'))
       AND NOT EXISTS (SELECT FROM inboost_sync_run WHERE state IN ('queued', 'running'))
"""
EVENT = "SELECT id FROM inboost_event WHERE {} ORDER BY id DESC LIMIT 1"
PRESENT = "SELECT res_id FROM ir_model_data WHERE name = '{}'"


@dataclass
class Screen:
    """:ivar action: XML id of the action that opens it
    :ivar record: SQL that finds the record whose form it is; empty for a list
    :ivar press: selectors that are pressed first, one after the other"""

    name: str
    action: str
    record: str = ""
    press: tuple = ()


OURS = "inboost_connector"
SCREENS = [
    Screen("backend", f"{OURS}.inboost_backend_action", PRESENT.format("demo_backend")),
    Screen(
        "backend-endpoints",
        f"{OURS}.inboost_backend_action",
        PRESENT.format("demo_backend"),
        (".o_notebook .nav-link[name=endpoints]",),
    ),
    Screen(
        "backend-bonuses",
        f"{OURS}.inboost_backend_action",
        PRESENT.format("demo_backend"),
        (".o_notebook .nav-link[name=bonuses]",),
    ),
    Screen("backends", f"{OURS}.inboost_backend_action"),
    Screen("endpoints", f"{OURS}.inboost_endpoint_action"),
    Screen(
        "endpoint",
        f"{OURS}.inboost_endpoint_action",
        "SELECT id FROM inboost_endpoint WHERE operation = 'purchase' ORDER BY id LIMIT 1",
    ),
    Screen("events", f"{OURS}.inboost_event_action"),
    *(
        Screen(
            f"event-{state}",
            f"{OURS}.inboost_event_action",
            EVENT.format(f"state = '{state}' AND operation LIKE 'purchase%'"),
        )
        for state in ("held", "failed", "parked", "expired", "done")
    ),
    Screen(
        "event-requests",
        f"{OURS}.inboost_event_action",
        EVENT.format("state = 'done' AND operation = 'purchase'"),
        (".o_notebook .nav-link[name=requests]",),
    ),
    Screen("request-log", f"{OURS}.inboost_request_log_action"),
    Screen(
        "request",
        f"{OURS}.inboost_request_log_action",
        "SELECT id FROM inboost_request_log WHERE verdict = 'failed' LIMIT 1",
    ),
    Screen("customers", f"{OURS}.inboost_customer_action"),
    Screen(
        "customer-conflict",
        f"{OURS}.inboost_customer_action",
        "SELECT id FROM inboost_customer WHERE state = 'conflict' ORDER BY id LIMIT 1",
    ),
    Screen("not-in-inboost", f"{OURS}.inboost_absence_action"),
    Screen("synchronisations", f"{OURS}.inboost_sync_run_action"),
    Screen(
        "synchronisation",
        f"{OURS}.inboost_sync_run_action",
        "SELECT id FROM inboost_sync_run WHERE state = 'done' ORDER BY id DESC LIMIT 1",
    ),
    Screen("ledger", f"{OURS}.inboost_bonus_move_action"),
    Screen("points-that-never-came", f"{OURS}.inboost_bonus_missing_action"),
    Screen("missed-captures", f"{OURS}.inboost_capture_failure_action"),
    Screen("specialties", f"{OURS}.inboost_specialty_action"),
    Screen(
        "contact",
        "contacts.action_contacts",
        PRESENT.format("demo_customer_7"),
        (".o_notebook .nav-link[name=inboost]",),
    ),
    Screen(
        "program",
        "loyalty.loyalty_program_discount_loyalty_action",
        PRESENT.format("demo_program"),
    ),
    Screen(
        "expiring-points",
        "loyalty.loyalty_program_discount_loyalty_action",
        PRESENT.format("demo_program"),
        ("button[name=action_inboost_expiring]",),
    ),
    Screen(
        "register-order",
        "point_of_sale.action_pos_pos_form",
        "SELECT res_id FROM inboost_event WHERE state = 'failed' AND"
        " res_model = 'pos.order' ORDER BY id DESC LIMIT 1",
    ),
    Screen(
        "sale-order",
        "sale.action_orders",
        "SELECT max(res_id) FROM inboost_event WHERE res_model = 'sale.order'",
    ),
    Screen(
        "find-in-inboost",
        "contacts.action_contacts",
        press=(
            "button:has-text('Find in InBoost'), button:has-text('Знайти в InBoost')",
        ),
    ),
    Screen(
        "settings",
        "base_setup.action_general_configuration",
        press=(".settings_tab [data-key=inboost_connector]",),
    ),
]


def take(only):
    """:param str only: part of the names of those that are taken; empty for all"""
    (STATE / f"simulator-{DATABASE}.sqlite").unlink(missing_ok=True)
    port = free_port()
    with cluster.running():
        cluster.drop(DATABASE)
        with demo.shop(DATABASE, port, free_port()):
            wait_until_quiet()
            with sync_playwright() as playwright:
                path = shutil.which("chromium") or shutil.which("google-chrome")
                browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
                for language in LANGUAGES:
                    say(f"taking pictures ({language})")
                    Photographer(browser, port, language, only).take_all()
        cluster.drop(DATABASE)


def wait_until_quiet(seconds=180):
    """Until the customers are pulled and the sales are sent."""
    end = time.monotonic() + seconds
    while cluster.query(DATABASE, QUIET) != "t":
        if time.monotonic() > end:
            raise Trouble("the demo shop does not come to rest; see .local/logs")
        time.sleep(1)


class Photographer:
    """Somebody who signs in and takes a picture of each screen."""

    def __init__(self, browser, port, language, only):
        self.browser, self.url = browser, f"http://127.0.0.1:{port}"
        self.login, self.folder, self.only = (
            LANGUAGES[language],
            IMAGES / language,
            only,
        )
        self.folder.mkdir(parents=True, exist_ok=True)
        self.page = self.open(WIDE)

    def open(self, size):
        """:return: a page of somebody who has signed in"""
        context = self.browser.new_context(viewport=size, reduced_motion="reduce")
        page = context.new_page()
        page.goto(f"{self.url}/web/login")
        page.fill("input[name=login]", self.login)
        page.fill("input[name=password]", self.login)
        page.click(".oe_login_form button[type=submit]")
        page.wait_for_url("**/odoo**")
        return page

    def take_all(self):
        for screen in SCREENS:
            if self.only in screen.name:
                self.take(screen)
        if self.only in "register":
            self.take_register(self.page, "register")
            self.take_register(self.open(PHONE), "register-phone")

    def take(self, screen):
        page, address = self.page, f"{self.url}/odoo/action-{screen.action}"
        if screen.record:
            address += f"/{cluster.query(DATABASE, screen.record)}"
        page.goto(address)
        page.locator(".o_action_manager .o_view_controller").first.wait_for()
        self.settle(page)
        for selector in screen.press:
            page.locator(selector).first.click()
            self.settle(page)
        self.save(page, screen.name)

    def settle(self, page):
        page.wait_for_load_state("networkidle")
        page.mouse.move(0, 0)

    def save(self, page, name):
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        # A screen has few colours: a palette makes a third of it.
        picture = picture.quantize(COLOURS, dither=Image.Dither.NONE)
        picture.save(self.folder / f"{name}.png", optimize=True)

    # -- the register --------------------------------------------------------------

    def take_register(self, page, name):
        """Its goods, the customer who is in InBoost, one whom only InBoost knows."""
        config = cluster.query(
            DATABASE, "SELECT max(config_id) FROM pos_session WHERE state = 'closed'"
        )
        page.goto(f"{self.url}/pos/ui?config_id={config}")
        product = page.locator("article.product").first
        opening = page.locator(".opening-control .btn-primary, .modal .btn-primary")
        page.locator(".open-register-btn").or_(product).first.click(timeout=90_000)
        product.or_(opening.first).first.wait_for()
        if opening.count():
            opening.first.click()
        product.wait_for()
        self.settle(page)
        self.save(page, name)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="only screens with this in the name")
    main(take, parser.parse_args().only)
