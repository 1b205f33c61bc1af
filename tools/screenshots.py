"""Pictures of all screens for the documentation: the demo shop, seen in Chromium.

They go to docs/images/en and docs/images/uk. Look at each before you commit it, and say
in docs/screens.rst what you think of it."""

import argparse
import io
import shutil
import time

import cluster
import demo
from pictures import CARDS, SCREENS, SETUP, TROUBLES
from PIL import Image
from playwright.sync_api import sync_playwright
from workspace import ROOT, STATE, Trouble, free_port, main, say

IMAGES = ROOT / "docs/images"
DATABASE = "screenshots"
#: {folder: (login, which is the password, too; locale of the browser)}
LANGUAGES = {"en": ("admin", "en-US"), "uk": ("oksana", "uk-UA")}
WIDE, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}
COLOURS = 128
#: Seconds.
PATIENCE = 60
#: What the page in *Apps* shows, and where it lies.
SHOWN = ["health", "events", "register-customers"]
DESCRIPTION = ROOT / "inboost_connector/static/description"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run"]
#: Whether nothing is on its way any more.
QUIET = """
    SELECT NOT EXISTS (
               SELECT FROM inboost_event WHERE state IN ('pending', 'sending'))
       AND NOT EXISTS (
               SELECT FROM inboost_sync_run WHERE state IN ('queued', 'running'))
"""


def take(only):
    """:param str only: part of the names of those that are taken; empty for all"""
    for path in STATE.glob(f"simulator-{DATABASE}.sqlite*"):
        path.unlink()
    port = free_port()
    with cluster.running():
        cluster.drop(DATABASE)
        with demo.shop(DATABASE, port, free_port()):
            wait_until_quiet()
            with sync_playwright() as playwright:
                path = shutil.which("chromium") or shutil.which("google-chrome")
                browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
                people = [Photographer(browser, port, one, only) for one in LANGUAGES]
                for photographer in people:
                    photographer.take_all()
                for trouble, screens in TROUBLES.items():
                    cluster.query(DATABASE, trouble)
                    people[0].have_it_noticed()
                    for photographer in people:
                        photographer.take_each(screens)
        cluster.drop(DATABASE)
    for name in SHOWN:
        shutil.copy(IMAGES / f"en/{name}.png", DESCRIPTION)


def wait_until_quiet(seconds=180):
    """Until the customers are pulled and the sales are sent."""
    end = time.monotonic() + seconds
    # A new server looks at its scheduled actions after a minute, or when it is woken.
    cluster.query("postgres", f"SELECT pg_notify('cron_trigger', '{DATABASE}')")
    while cluster.query(DATABASE, QUIET) != "t":
        if time.monotonic() > end:
            raise Trouble("the demo shop does not come to rest; see .local/logs")
        time.sleep(1)


class Photographer:
    """Somebody who signs in and takes a picture of each screen."""

    def __init__(self, browser, port, language, only):
        self.browser, self.url = browser, f"http://127.0.0.1:{port}"
        self.login, self.locale = LANGUAGES[language]
        self.folder, self.only = IMAGES / language, only
        self.folder.mkdir(parents=True, exist_ok=True)
        self.flying = set()
        self.page = self.open(WIDE)

    def open(self, size):
        """:return: a page of somebody who has signed in"""
        context = self.browser.new_context(
            viewport=size,
            reduced_motion="reduce",
            timezone_id="Europe/Kyiv",
            locale=self.locale,
        )
        context.set_default_timeout(PATIENCE * 1000)
        page = context.new_page()
        page.on("request", self.note)
        page.on("requestfinished", lambda one: self.flying.discard(one))
        page.on("requestfailed", lambda one: self.flying.discard(one))
        page.goto(f"{self.url}/web/login")
        page.fill("input[name=login]", self.login)
        page.fill("input[name=password]", self.login)
        page.click(".oe_login_form button[type=submit]")
        page.wait_for_url("**/odoo**")
        return page

    def note(self, request):
        # The worker of the bus lives as long as the page.
        if "/bus/" not in request.url:
            self.flying.add(request)

    def take_all(self):
        say(f"taking pictures ({self.folder.name})")
        self.take_each(SCREENS)
        self.page.set_viewport_size(PHONE)
        self.take_each(CARDS)
        self.page.set_viewport_size(WIDE)
        if "setup" in self.only or not self.only:
            self.take_setup()
        if "register" in self.only or not self.only:
            self.take_register(self.page, "")
            self.take_register(self.open(PHONE), "-phone")

    def have_it_noticed(self):
        """Trouble is looked for whenever somebody does something."""
        endpoint = cluster.query(
            DATABASE,
            "SELECT id FROM inboost_endpoint WHERE operation = 'customer_find' LIMIT 1",
        )
        model, method = "inboost.endpoint", "action_resume"
        self.page.request.post(
            f"{self.url}/web/dataset/call_kw/{model}/{method}",
            data={
                "params": {
                    "model": model,
                    "method": method,
                    "args": [[int(endpoint)]],
                    "kwargs": {},
                }
            },
        )

    def take_each(self, screens):
        for screen in screens:
            if self.only in screen.name:
                self.take(screen)

    def take(self, screen):
        page, address = self.page, f"{self.url}/odoo/action-{screen.action}"
        if screen.record:
            record = cluster.query(DATABASE, screen.record)
            if not record:
                raise Trouble(f"the demo shop has no record for {screen.name}")
            address += f"/{record}"
        page.goto(address)
        page.locator(".o_action_manager .o_action").first.wait_for()
        self.settle(page)
        for selector in screen.press:
            page.locator(selector).first.click()
            self.settle(page)
        self.save(page, screen.name)

    def settle(self, page):
        """Wait until half a second has passed without a request."""
        page.mouse.move(0, 0)
        end, quiet = time.monotonic() + PATIENCE, 0
        while quiet < 5:
            page.wait_for_timeout(100)
            quiet = 0 if self.flying else quiet + 1
            if time.monotonic() > end:
                raise Trouble(f"{page.url} waits for {[r.url for r in self.flying]}")

    def save(self, page, name):
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        # A screen has few colours: a palette makes a third of it.
        picture = picture.quantize(COLOURS, dither=Image.Dither.NONE)
        picture.save(self.folder / f"{name}.png", optimize=True)

    # -- the setup -----------------------------------------------------------------

    def take_setup(self):
        """Of another backend, which is forgotten again."""
        page = self.page
        address = cluster.query(DATABASE, "SELECT address FROM inboost_backend LIMIT 1")
        page.goto(f"{self.url}/odoo/action-inboost_connector.inboost_backend_action")
        page.locator(".o_control_panel .btn-primary").first.click()
        page.locator(".o_field_widget[name=address] input").fill(address)
        page.locator(".o_field_widget[name=secret_entry] input").fill("demo-secret")
        page.locator("button[name=action_test]").click()
        page.locator(".o_form_view .alert-success:visible").first.wait_for()
        for number, step in enumerate(SETUP, 1):
            page.locator(f".o_form_view div[name={step}] h2").wait_for()
            self.settle(page)
            self.save(page, f"setup-{number}-{step}")
            if step != SETUP[-1]:
                page.locator("button[name=action_next]").click()
        cluster.query(DATABASE, "DELETE FROM inboost_setup")
        cluster.query(DATABASE, "DELETE FROM inboost_backend WHERE state = 'draft'")

    # -- the register --------------------------------------------------------------

    def take_register(self, page, suffix):
        """Its goods, its customers, one who is asked for, and the payment.

        :param str suffix: of the names of the pictures
        """
        self.open_register(page)
        self.save(page, f"register{suffix}")
        page.locator("article.product").nth(1).click()
        search = self.open_customers(page)
        search.fill("Надія")
        page.locator(".modal .partner-info").first.wait_for()
        self.settle(page)
        self.save(page, f"register-customers{suffix}")
        search.fill("+380 67 000 00 00")
        page.locator(".inboost-ask button").first.click()
        self.settle(page)
        self.save(page, f"register-ask{suffix}")
        search.fill("Юлія Швець")
        page.locator(".modal .partner-info:has-text('Юлія Швець')").first.click()
        pay = page.locator("button.pay-order-button:visible, button.pay-button:visible")
        pay.first.click()
        page.locator(".payment-screen").wait_for()
        self.settle(page)
        self.save(page, f"register-payment{suffix}")

    def open_customers(self, page):
        """:return: the field in which they are searched"""
        cart = page.locator("button.review-button")
        if cart.is_visible():
            # A phone has no room for goods and order.
            cart.click()
        page.locator("button.set-partner:visible").click()
        page.locator(".modal .modal-title").wait_for()
        search = page.locator(".modal input").first
        if not search.is_visible():
            page.locator(".modal .fa-search").first.click()
        return search

    def open_register(self, page):
        config = cluster.query(
            DATABASE, "SELECT max(id) FROM pos_config WHERE name = 'Каса 1'"
        )
        page.goto(f"{self.url}/pos/ui?config_id={config}")
        goods = page.locator("article.product").first
        page.locator(".open-register-btn").or_(goods).first.click(timeout=90_000)
        opening = page.locator(".modal .btn-primary")
        goods.or_(opening).first.wait_for()
        if opening.count():
            opening.first.click()
        goods.wait_for()
        self.settle(page)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="only screens with this in the name")
    main(take, parser.parse_args().only)
