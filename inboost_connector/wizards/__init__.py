from . import (
    base_partner_merge,
    inboost_customer_find,
    inboost_expiring_preview,
    inboost_profile_import,
)
