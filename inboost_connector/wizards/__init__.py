from . import base_partner_merge, inboost_expiring_preview
