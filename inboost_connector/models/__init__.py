from . import inboost_backend
from . import inboost_endpoint
from . import inboost_request_log
from . import inboost_event
from . import inboost_delivery
from . import pos_order
from . import res_partner
from . import res_config_settings
