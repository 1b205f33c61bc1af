# Copyright 2026 InBoost Connector contributors
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
{
    "name": "InBoost Connector: Right to Be Forgotten",
    "summary": "Whom OCA's addon anonymizes, InBoost Connector forgets, too",
    "version": "19.0.2.0.0",
    "category": "Hidden",
    "license": "AGPL-3",
    "author": "InBoost Connector contributors",
    "maintainers": ["InBoost Connector contributors"],
    "development_status": "Beta",
    "website": "https://inboost.ai",
    "depends": ["inboost_connector", "privacy_partner_to_be_forgotten"],
    "auto_install": True,
}
