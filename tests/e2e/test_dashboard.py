"""The dashboard for those who analyse, among Odoo's own: opened by a user of InBoost,
it has no faulty cell, its charts have data, and its figures are those of the events."""

import pytest

from tests.support.odoo_server import wait_until
from tests.support.outbox import Till
from tests.support.register import sign_in

MAKE_USER = """
env["res.users"].with_context(no_reset_password=True).create({
    "name": "analyst", "login": "analyst", "password": "analyst", "group_ids": [
        (6, 0, env.ref("inboost_connector.group_inboost_user").ids)]})
env.cr.commit()
"""
#: Three delivered within seconds, one after ten minutes, one refused.
FATES = """
    UPDATE inboost_event
       SET occurred_at = now() AT TIME ZONE 'UTC' - interval '1 hour',
           state = 'done', done_at = now() AT TIME ZONE 'UTC' - interval '59.9 minutes';
    UPDATE inboost_event SET done_at = done_at + interval '9.9 minutes'
     WHERE key = 'fill:4';
    UPDATE inboost_event
       SET state = 'failed', done_at = NULL, reason_code = 'refused',
           reason_args = '{"text": "no such shop"}'
     WHERE key = 'fill:5';
"""
#: All that is computed: {sheet: {cell: what is shown}}.
CELLS = """
() => {
    const loader = odoo.__WOWL_DEBUG__.root.env.services.spreadsheet_dashboard_loader;
    const { getters } = loader.getActiveDashboard().model;
    const shown = {};
    for (const sheetId of getters.getSheetIds()) {
        const cells = (shown[sheetId] = {});
        for (let row = 0; row < getters.getNumberRows(sheetId); row++) {
            for (let col = 0; col < getters.getNumberCols(sheetId); col++) {
                const cell = getters.getEvaluatedCell({ sheetId, col, row });
                if (cell.formattedValue) {
                    const name = String.fromCharCode(65 + col) + (row + 1);
                    cells[name] = cell.formattedValue;
                }
            }
        }
    }
    return shown;
}
"""
LOADED = f"() => !/Loading/.test(JSON.stringify(({CELLS})()))"
CHARTS = """
() => {
    const loader = odoo.__WOWL_DEBUG__.root.env.services.spreadsheet_dashboard_loader;
    const { getters } = loader.getActiveDashboard().model;
    return getters
        .getChartIds("dashboard")
        .map((id) => getters.getChartRuntime(id).chartJsConfig)
        .filter(Boolean)
        .map((config) => config.data.datasets.length);
}
"""


@pytest.fixture(scope="module")
def opened(odoo, page):
    odoo.shell(MAKE_USER)
    till = Till(odoo)
    till.sell(5, first=1)
    till.close()
    wait_until(lambda: odoo.states() == {"done": 5}, 60, "the delivery")
    odoo.sql(FATES)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    sign_in(page, odoo, "analyst")
    dashboard = odoo.value(
        "SELECT res_id FROM ir_model_data WHERE model = 'spreadsheet.dashboard'"
        " AND module = 'inboost_connector_spreadsheet_dashboard'"
    )
    page.goto(f"{odoo.url}/odoo/dashboards?dashboard_id={dashboard}")
    page.locator(".o-spreadsheet canvas").first.wait_for()
    page.wait_for_function(LOADED)
    yield page
    assert errors == []


def test_no_cell_is_faulty(opened):
    for cells in opened.evaluate(CELLS).values():
        faulty = {name: text for name, text in cells.items() if text.startswith("#")}
        assert faulty == {}


def test_its_figures_are_those_of_the_events(opened):
    shown = opened.evaluate(CELLS)
    figures = [shown["data"][name] for name in ("B2", "B3", "B4", "B5")]
    assert figures == ["5", "80.0%", "75.0%", "1"]
    sheet = shown["dashboard"]
    row = [sheet[f"{column}27"] for column in "ABCDE"]
    assert row == ["Purchase", "5", "80.0%", "75.0%", "2.6"]
    assert (sheet["G27"], sheet["H27"]) == ("InBoost refused it", "1")
    assert sheet["G58"] == "InBoost refused it: no such shop"


def test_each_chart_has_data(opened):
    # They read it when they are asked for it.
    opened.wait_for_function(f"() => JSON.stringify(({CHARTS})()) === '[1,1,1]'")


def test_a_figure_leads_to_the_events(opened):
    opened.locator(".o-figure").first.click()
    opened.locator(".o_list_view .o_data_row").first.wait_for()
