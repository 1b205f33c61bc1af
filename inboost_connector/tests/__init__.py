from . import test_capture
from . import test_delivery
from . import test_event_actions
from . import test_safety
from . import test_lib_rules
from . import test_lib_client
