"""Somebody who opens one screen after the other in Chromium."""

import os
import re
from pathlib import Path

from playwright.sync_api import Error as PlaywrightError

from tests.support.register import sign_in

#: A folder for pictures of all screens, for people who look at them.
PICTURES = os.environ.get("INBOOST_SCREENSHOTS")
#: Buttons that only show something.
SHOWING = re.compile("action_(view|preview|inboost_expir)")
OURS = re.compile("inboost")
#: Wizards are their maker's own.
OWNED = ("inboost_expiring_preview", "inboost_expiring_preview_line")
#: Debian's package of Odoo leaves this file out; no screen of ours needs it.
LEFT_OUT = "mail/static/lib/selfie_segmentation/"
#: Milliseconds.
PATIENCE = 15_000

WATCH = """() => {
    const {rpcBus} = odoo.loader.modules.get("@web/core/network/rpc");
    window.watch = {flying: new Set(), refused: []};
    rpcBus.addEventListener("RPC:REQUEST", ({detail}) =>
        watch.flying.add(detail.data.id));
    rpcBus.addEventListener("RPC:RESPONSE", ({detail: {data, error}}) => {
        watch.flying.delete(data.id);
        if (error && error.message !== "XmlHttpRequestError abort") {
            const {model, method} = data.params;
            const words = error.data?.message || error.message;
            watch.refused.push(`${model}.${method}: ${words}`);
        }
    });
}"""
MARK = """() => document.querySelectorAll(".o_view_controller").forEach(
    (view) => view.setAttribute("data-seen", ""))"""
#: As a menu does it: who fails shows a dialog.
OPEN = """(action) => {
    watch.refused = [];
    const {action: client, dialog} = odoo.__WOWL_DEBUG__.root.env.services;
    dialog.closeAll();
    client.doAction(action, {clearBreadcrumbs: true});
}"""
#: What a badge in a row says that has less room than that takes.
CUT = """() => [...document.querySelectorAll(".o_data_row .badge")]
    .filter((badge) => badge.scrollWidth > badge.clientWidth
        || badge.offsetWidth > badge.closest("td").clientWidth)
    .map((badge) => `the badge "${badge.innerText}" is cut`)"""
#: Whether ``selector``, or a dialog, is there and no answer is waited for.
SETTLED = """async ([selector, patience]) => {
    const end = Date.now() + patience;
    const quiet = () => !watch.flying.size &&
        document.querySelector(`${selector}, .modal`);
    const painted = () => new Promise((resolve) => requestAnimationFrame(
        () => requestAnimationFrame(resolve)));
    while (Date.now() < end) {
        await painted();
        if (quiet()) {
            await painted();
            if (quiet()) {
                return true;
            }
        }
    }
    return false;
}"""


class Visitor:
    """:ivar failures: one line for each screen that did not open as it should
    :ivar opened: names of the screens that did"""

    def __init__(self, browser, odoo, role, language):
        context = browser.new_context(
            viewport={"width": 1366, "height": 768}, reduced_motion="reduce"
        )
        self.page, self.url = context.new_page(), odoo.url
        self.role, self.language = role, language
        self.opened, self.failures = [], []
        self.errors, self.pressed = [], set()
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._note_console)
        login = f"{role}-{language}"
        for table in OWNED:
            odoo.sql(
                f"UPDATE {table} SET create_uid = u.id FROM res_users u"
                f" WHERE u.login = '{login}'"
            )
        sign_in(self.page, odoo, login)
        self._watch()

    def close(self):
        self.page.context.close()

    def _note_console(self, message):
        if message.type == "error" and LEFT_OUT not in message.text:
            lines = map(str.strip, message.text.splitlines())
            words = [line for line in lines if line and not line.startswith("at ")]
            self.errors.append(f"console: {' '.join(words)}")

    def _watch(self):
        self.page.wait_for_function("window.odoo?.__WOWL_DEBUG__?.root?.env.services")
        self.page.locator(".o_main_navbar").wait_for()
        self.page.evaluate(WATCH)

    def _begin_anew(self):
        self.page.goto("about:blank")
        self.page.goto(f"{self.url}/odoo")
        self._watch()
        self.errors.clear()

    # -- one screen ----------------------------------------------------------------

    def visit(self, screen):
        try:
            self._visit(screen)
        except PlaywrightError as error:
            self.failures.append(f"{screen.name}: {error}")
            self._begin_anew()

    def _visit(self, screen):
        self._open(screen)
        if not self._check(screen, screen.name):
            return
        self.opened.append(screen.name)
        self._picture(screen.name)
        groups = self.page.locator(".o_group_header")
        if screen.view == "form" and not screen.refused:
            self._look_around(screen)
        elif groups.count():
            groups.first.click()
            self._settle(screen.selector)
            self._check(screen, f"{screen.name}, first group")

    def _open(self, screen):
        self.page.evaluate(MARK)
        self.page.evaluate(OPEN, screen.action)
        self._settle(f"{screen.selector}:not([data-seen])")

    def _settle(self, selector):
        if not self.page.evaluate(SETTLED, [selector, PATIENCE]):
            self.errors.append(f"not there after {PATIENCE / 1000} s")

    # -- a form's parts ------------------------------------------------------------

    def _look_around(self, screen):
        """Look at each tab, and press what only shows something."""
        tabs = self._tabs().count()
        for tab in range(max(tabs, 1)):
            if not self._turn_to(screen, tab):
                return
            for name, index in self._new_buttons(screen):
                if not self._press(screen, tab, name, index):
                    return

    def _tabs(self):
        return self.page.locator(".o_form_view .o_notebook_headers .nav-link")

    def _turn_to(self, screen, index):
        tab = self._tabs().nth(index)
        if not self._tabs().count() or "active" in tab.get_attribute("class"):
            return True
        tab.click()
        self._settle(screen.selector)
        title = tab.get_attribute("name") or str(index)
        name = f"{screen.name}-{title}"
        if OURS.search(f"{screen.model} {title}"):
            self._picture(name)
        return self._check(screen, name)

    def _new_buttons(self, screen):
        """:return: list of (name, which of that name), none pressed before"""
        self._toggle_more()
        found = []
        for button in self._buttons().all():
            name = button.get_attribute("name")
            key = (screen.model, name, button.inner_text())
            ours = OURS.search(f"{screen.model} {name}")
            if ours and SHOWING.match(name) and key not in self.pressed:
                self.pressed.add(key)
                found.append((name, len([n for n, _i in found if n == name])))
        self._toggle_more()
        return found

    def _buttons(self, name=None):
        named = f"button[name='{name}']:visible" if name else "button[name]:visible"
        return self.page.locator(f".o_form_view {named}, .o-dropdown--menu {named}")

    def _toggle_more(self):
        """Show, or hide, the smart buttons that a form has no room for."""
        more = self.page.locator(".o_form_view .o_button_more")
        menu = self.page.locator(".o-dropdown--menu")
        if more.count():
            shown = menu.count()
            more.click()
            menu.wait_for(state="detached" if shown else "visible")

    def _press(self, screen, tab, name, index):
        """:return: whether what came was well; the form is there again then"""
        self.page.evaluate(MARK)
        self._toggle_more()
        self._buttons(name).nth(index).click()
        selector = ".o_view_controller:not([data-seen]), .modal .o_form_view"
        self._settle(selector)
        title = f"{screen.name}, button {name} {index}"
        if not self._check(screen, title, selector):
            return False
        self._picture(title)
        self.opened.append(title)
        self._open(screen)
        return self._check(screen, title) and self._turn_to(screen, tab)

    # -- what is wrong -------------------------------------------------------------

    def _check(self, screen, name, selector=None):
        """:return: whether all is well with what is on the screen"""
        problems = self._problems(screen, selector or screen.selector)
        if problems:
            self._picture(f"FAILED-{name}")
            words = " ".join("; ".join(dict.fromkeys(problems)).split())
            self.failures.append(f"{name}: {words}")
            self._begin_anew()
        return not problems

    def _problems(self, screen, selector):
        page, errors = self.page, self.page.locator(".o_error_dialog")
        words = " ".join(" ".join(errors.all_inner_texts()).split())
        if screen.refused:
            self.errors.clear()
            # A crash has a button for its traceback among the words.
            crashed = errors.locator("[role=alert] button").count()
            return [] if words and not crashed else [f"not refused in words: {words}"]
        problems = [*self.errors, *page.evaluate("watch.refused")]
        self.errors.clear()
        if words:
            problems.append(f"dialog: {words}")
        if not page.locator(selector).count():
            problems.append("it is not there")
        problems += page.locator(".o_notification:has(.bg-danger)").all_inner_texts()
        problems += page.evaluate(CUT)
        if screen.filled and not page.locator(".o_data_row").count():
            problems.append("no row")
        return problems

    def _picture(self, name):
        if PICTURES:
            name = re.sub(r"[^\w.-]+", "-", f"{name}-{self.language}")
            path = Path(PICTURES) / self.role / f"{name}.png"
            self.page.screenshot(path=path)
