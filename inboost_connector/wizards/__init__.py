from . import (
    base_module_uninstall,
    base_partner_merge,
    inboost_customer_find,
    inboost_event_decide,
    inboost_expiring_preview,
    inboost_profile_import,
    inboost_setup,
    loyalty_card_update_balance,
    loyalty_generate_wizard,
)
