"""An administrator who sets everything up by typing and clicking, in Chromium."""

import re

from playwright.sync_api import expect

#: Of a field, on a page of the notebook or above it.
WIDGET = ".o_form_view .o_field_widget[name={name}]"


class Typist:
    def __init__(self, page, odoo):
        self.page, self.odoo = page, odoo
        self._selections = {}

    def open_menu(self, *titles):
        """By the menus of the InBoost app: a group, and what is in it."""
        page = self.page
        page.goto(f"{self.odoo.url}/odoo/action-inboost_connector.inboost_event_action")
        page.locator(".o_list_view").wait_for()
        group, title = titles
        section = page.locator(".o_menu_sections").get_by_text(group, exact=True)
        if section.is_visible():
            section.click()
        else:
            # The screen is too narrow for all of them.
            page.locator(".o_menu_sections_more button").click()
        page.locator(".o-dropdown--menu").get_by_text(title, exact=True).click()
        page.locator(".o_breadcrumb", has_text=title).wait_for()

    # -- forms ---------------------------------------------------------------------

    def new(self):
        """The backend's own form: the setup asks for less than there is."""
        action = "action-inboost_connector.inboost_backend_action"
        self.page.goto(f"{self.odoo.url}/odoo/{action}/new")
        self.page.locator(".o_form_view").wait_for()

    def fill(self, model, values):
        """Type values into the form that is open.

        :param values: {field: value as the database has it}
        """
        for name, value in values.items():
            # Nobody empties what this kind of request does not have.
            if value or self._sees(name):
                self._fill(model, name, value)

    def save(self):
        page = self.page
        saved = page.locator(".o_form_status_indicator_buttons.invisible")
        trouble = page.locator(".modal .modal-body")
        if not saved.count():
            page.locator(".o_form_button_save").click()
        saved.or_(trouble).first.wait_for(state="attached")
        assert not trouble.count(), trouble.inner_text()

    def press(self, name):
        """A button of the form that is open, and Ok where it asks."""
        self.page.locator(f".o_form_view button[name={name}]").first.click()

    def confirm(self):
        self.page.locator(".modal-footer button.btn-primary").click()

    def show(self, name):
        """Turn to the page of the notebook that has a field."""
        assert self._sees(name), f"nothing is called {name} on this screen"
        return self.page.locator(WIDGET.format(name=name)).first

    def _sees(self, name):
        widget = self.page.locator(WIDGET.format(name=name)).first
        if widget.is_visible():
            return True
        for tab in self.page.locator(".o_notebook_headers .nav-link").all():
            tab.click()
            expect(tab).to_have_class(re.compile("active"))
            if widget.is_visible():
                return True
        return False

    def _fill(self, model, name, value):
        widget = self.show(name)
        if widget.locator(".ace_editor").count():
            self._type_code(widget, value or "")
        elif widget.locator(".o_select_menu").count():
            self._choose(widget, self._label(model, name, value))
        elif widget.locator("input[type=checkbox]").count():
            widget.locator("input[type=checkbox]").set_checked(bool(value))
        else:
            field = widget.locator("input, textarea").first
            field.fill("" if value in (False, None) else str(value))
            field.press("Tab")

    def enter_code(self, widget):
        """Put the caret into an editor. It takes the focus once more a moment after it
        was clicked, sooner than a person can have left it."""
        # The content is taller than what is seen of it, and would be scrolled.
        widget.locator(".ace_scroller").click()
        self.page.evaluate("() => new Promise(done => setTimeout(done))")

    def _type_code(self, widget, text):
        page = self.page
        self.enter_code(widget)
        page.keyboard.press("Control+a")
        page.keyboard.press("Delete")
        if text:
            page.keyboard.insert_text(text)
        # What is shown beside it follows.
        page.wait_for_timeout(500)

    def _choose(self, widget, label):
        widget.locator("input").click()
        item = self.page.locator(".o_select_menu_item", has_text=label)
        item.filter(has_text=re.compile(f"^{re.escape(label)}$")).first.click()

    def _label(self, model, name, value):
        return dict(self._selections_of(model)[name]["selection"])[value]

    def _selections_of(self, model):
        if model not in self._selections:
            self._selections[model] = self.odoo.execute(
                model, "fields_get", [], ["selection"]
            )
        return self._selections[model]

    def chosen(self, name):
        """The value of a selection."""
        label = self.show(name).locator("input").input_value()
        values = self._selections_of("inboost.endpoint")[name]["selection"]
        return next(value for value, title in values if title == label)

    def add_tag(self, name, text):
        """A record of a field of tags."""
        widget = self.show(name)
        if widget.locator(".o_tag", has_text=text).count():
            return
        widget.locator("input").fill(text)
        self.page.locator(".o-autocomplete--dropdown-item", has_text=text).first.click()
        expect(widget.locator(".o_tag", has_text=text)).to_be_visible()

    # -- endpoints -----------------------------------------------------------------

    def open_endpoint(self, title):
        """From the backend's form."""
        page = self.page
        page.locator(".o_notebook_headers .nav-link", has_text="Endpoints").click()
        row = page.locator(".o_field_widget[name=endpoint_ids] .o_data_row")
        row = row.filter(has=page.get_by_text(title, exact=True)).first
        row.locator(".o_list_record_open_form_view").click()
        page.locator(".o_form_view .o_field_widget[name=preview]").first.wait_for(
            state="attached"
        )

    def back(self):
        """To the backend, by the trail above the form."""
        self.page.locator(".o_control_panel .breadcrumb-item a").last.click()
        self.page.locator(WIDGET.format(name="endpoint_ids")).first.wait_for(
            state="attached"
        )
