"""The tour that Odoo shows to a new administrator leads through our screens."""

from tests.support.register import sign_in

NAME = "inboost_tour"


def test_the_tour_reaches_its_end(page, odoo):
    said = []
    page.on("console", lambda message: said.append(message.text))
    sign_in(page, odoo)
    page.wait_for_function(f"window.odoo?.isTourReady?.({NAME!r})")
    with page.expect_console_message(
        lambda message: "tour succeeded" in message.text or message.type == "error",
        timeout=90_000,
    ) as ended:
        page.evaluate(f"odoo.startTour({NAME!r}, {{stepDelay: 0, startUrl: '/odoo'}})")
    assert "tour succeeded" in ended.value.text, said[-5:]
