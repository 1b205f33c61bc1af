"""What a cashier does, in Chromium."""


def sign_in(page, odoo, login="admin", lands="**/odoo**"):
    # A session of another server, whose cookie has the same host, would be refused.
    page.context.clear_cookies()
    page.goto(f"{odoo.url}/web/login")
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", login)
    page.click(".oe_login_form button[type=submit]")
    page.wait_for_url(lands)


def open_register(page, odoo):
    config = odoo.value("SELECT min(id) FROM pos_config WHERE active")
    page.goto(f"{odoo.url}/pos/ui?config_id={config}")
    page.locator(".open-register-btn").click(timeout=60000)
    product = page.locator("article.product").first
    opening = page.locator(".modal button:has-text('Open Register')")
    # A register that was opened before shows its products at once.
    opening.or_(product).first.wait_for(timeout=60000)
    if opening.is_visible():
        opening.click()
    product.wait_for()


def choose_customer(page, name):
    page.locator("button.set-partner").click()
    page.locator(".modal input").first.fill(name)
    page.locator(f".partner-line:has-text('{name}')").click()


def add_product(page, name):
    page.locator(f"article.product:has-text('{name}')").first.click()
    page.locator(f".orderline:has-text('{name}')").wait_for()


def press(page, *keys):
    """On the number pad: the last line's quantity, discount or price."""
    for key in keys:
        page.locator(".numpad-button").get_by_text(key, exact=True).click()


def pay(page):
    """Pay the whole order by the first method, and see the receipt."""
    page.locator("button.pay-order-button").click()
    page.locator(".paymentmethod").first.click()
    page.locator("button.validation-button").click()
    page.locator(".receipt-screen").wait_for()


def refund(page, name, quantity):
    """Give back so many of a product of the newest order, by the register's Refund."""
    page.locator(".control-buttons .more-btn").click()
    page.locator(".control-buttons button:has-text('Refund')").click()
    page.locator(".ticket-screen .order-row").first.click()
    page.locator(f".ticket-screen .orderline:has-text('{name}')").click()
    press(page, *str(quantity))
    page.locator(f".to-refund-highlight:has-text('{quantity}')").wait_for()
    page.locator(".ticket-screen .pay-order-button").click()
    page.locator(".paymentmethod").first.click()
    page.locator("button.validation-button").click()
    page.locator(".receipt-screen").wait_for()
    page.locator(".receipt-screen button:has-text('New Order')").click()
    page.locator("article.product").first.wait_for()
