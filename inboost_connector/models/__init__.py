from . import (
    inboost_backend,
    inboost_endpoint,
    inboost_event,
    inboost_event_delivery,
    inboost_request_log,
    pos_order,
    res_config_settings,
    res_partner,
)
