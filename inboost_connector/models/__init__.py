from . import (
    inboost_backend,
    inboost_bonus_event,
    inboost_bonus_move,
    inboost_endpoint,
    inboost_event,
    inboost_event_delivery,
    inboost_request_log,
    loyalty_card,
    pos_order,
    pos_order_bonus,
    res_config_settings,
    res_partner,
)
