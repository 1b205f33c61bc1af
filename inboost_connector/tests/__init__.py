from . import (
    test_capture,
    test_delivery,
    test_event_actions,
    test_lib_client,
    test_lib_rules,
    test_safety,
)
