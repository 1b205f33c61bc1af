from . import (
    test_bonus_balance,
    test_bonus_expiry,
    test_bonus_ledger,
    test_bonus_reconcile,
    test_capture,
    test_delivery,
    test_event_actions,
    test_lib_client,
    test_lib_lots,
    test_lib_rules,
    test_safety,
)
