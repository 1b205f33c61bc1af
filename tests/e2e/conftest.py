from tests.support.browser import browser, page  # noqa: F401
from tests.support.fixtures import inboost, odoo, template  # noqa: F401
