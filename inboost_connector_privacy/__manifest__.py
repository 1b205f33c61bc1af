# Copyright 2026 InBoost Connector contributors
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
{
    "name": "InBoost Connector: Privacy",
    "summary": "Odoo's privacy look-up finds people by their phone, too",
    "version": "19.0.2.0.0",
    "category": "Hidden",
    "license": "AGPL-3",
    "author": "InBoost Connector contributors",
    "maintainers": ["InBoost Connector contributors"],
    "development_status": "Beta",
    "website": "https://inboost.ai",
    "depends": ["inboost_connector", "privacy_lookup"],
    "data": ["views/privacy_lookup_wizard_views.xml"],
    "auto_install": True,
}
