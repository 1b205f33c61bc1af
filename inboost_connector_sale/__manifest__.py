# Copyright 2026 InBoost Connector contributors
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
{
    "name": "InBoost Connector: Sales",
    "summary": "Sale orders and their bonuses in step with InBoost",
    "version": "19.0.2.0.0",
    "category": "Sales/Sales",
    "license": "AGPL-3",
    "author": "InBoost Connector contributors",
    "maintainers": ["InBoost Connector contributors"],
    "development_status": "Beta",
    "website": "https://inboost.ai",
    "depends": ["inboost_connector", "sale_loyalty"],
    "data": [
        "views/inboost_backend_views.xml",
        "views/inboost_event_views.xml",
        "views/inboost_request_log_views.xml",
        "views/sale_order_views.xml",
    ],
    "demo": ["demo/inboost_demo_story.xml"],
    "auto_install": True,
}
