from . import inboost_delivery

# These wake its runs.
from . import inboost_capture
from . import inboost_delivery_claim
from . import inboost_event
