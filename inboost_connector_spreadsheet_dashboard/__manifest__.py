# Copyright 2026 InBoost Connector contributors
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
{
    "name": "InBoost Connector: Dashboard",
    "summary": "What was sent to InBoost, how well and how soon, as a dashboard",
    "version": "19.0.2.0.0",
    "category": "Hidden",
    "license": "AGPL-3",
    "author": "InBoost Connector contributors",
    "maintainers": ["InBoost Connector contributors"],
    "development_status": "Beta",
    "website": "https://inboost.ai",
    "depends": ["inboost_connector", "spreadsheet_dashboard"],
    "data": [
        "security/inboost_rules.xml",
        "security/ir.model.access.csv",
        "data/spreadsheet_dashboard.xml",
    ],
    "auto_install": True,
}
