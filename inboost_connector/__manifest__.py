# Copyright 2026 InBoost Connector contributors
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
{
    "name": "InBoost Connector",
    "summary": "Customers, purchases and bonuses in step with InBoost",
    "version": "19.0.1.0.0",
    "category": "Sales/Point of Sale",
    "license": "AGPL-3",
    "author": "InBoost Connector contributors",
    "website": "https://inboost.ai",
    "depends": [
        "pos_loyalty",
        "contacts",
        "utm",
        "phone_validation",
        "partner_firstname",
        "partner_contact_birthdate",
    ],
    "external_dependencies": {
        "python": ["requests", "phonenumbers", "jmespath"],
        "apt": {
            "phonenumbers": "python3-phonenumbers",
            "jmespath": "python3-jmespath",
        },
    },
    "data": [
        "security/inboost_groups.xml",
        "security/inboost_rules.xml",
        "security/ir.model.access.csv",
        "data/ir_cron.xml",
        "views/inboost_event_views.xml",
        "views/inboost_request_log_views.xml",
        "views/inboost_endpoint_views.xml",
        "views/inboost_backend_views.xml",
        "views/pos_order_views.xml",
        "views/res_config_settings_views.xml",
        "views/inboost_menus.xml",
        "views/inboost_bonus_move_views.xml",
        "views/inboost_bonus_views.xml",
    ],
    "post_init_hook": "post_init_hook",
    "application": True,
}
