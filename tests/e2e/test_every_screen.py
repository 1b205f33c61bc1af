"""Every form of ours in every state, every list with every filter: opened in Chromium,
in English by each role and in Ukrainian by who sees everything, without an error."""

import cluster
import pytest

from tests.support.odoo_server import OdooServer
from tests.support.screen_records import LANGUAGES
from tests.support.screens import Screens
from tests.support.visitor import Visitor

#: Of the records: those who meet no refusal but where they may not read.
ROLES = ("everything", "manager", "user")
#: A translation is the same for every role: one who sees everything meets them all.
VISITORS = [(role, LANGUAGES[0]) for role in ROLES]
VISITORS += [(ROLES[0], language) for language in LANGUAGES[1:]]
#: Selections that decide what a screen shows.
DECIDES = ("state", "kind", "verdict", "operation", "known", "history_state")
DECIDES += ("question_kind", "step")


@pytest.fixture(scope="module")
def screens(template):
    server = OdooServer("e2e_every_screen", template)
    screens = Screens(server)
    server.start()
    yield screens
    server.stop()
    cluster.drop(server.database)


def test_each_state_has_a_record(screens):
    missing = []
    for model, fields in screens.selections(DECIDES).items():
        rows = screens.odoo.execute(model, "read", screens.ids_of(model), list(fields))
        for name, values in fields.items():
            found = {row[name] for row in rows}
            missing += [f"{model}: {name} {value}" for value in values - found]
    assert not missing, f"make a record of each in screen_records: {missing}"


@pytest.mark.parametrize("role, language", VISITORS)
def test_every_screen_opens(browser, screens, role, language):
    wanted = list(screens.of(role))
    visitor = Visitor(browser, screens.odoo, role, language)
    for screen in wanted:
        visitor.visit(screen)
    visitor.close()
    failures = "\n".join(visitor.failures)
    assert not failures, f"{len(visitor.failures)} screens failed:\n{failures}"
    unopened = {screen.name for screen in wanted} - set(visitor.opened)
    assert not unopened
    assert len(visitor.opened) > 100, visitor.opened
