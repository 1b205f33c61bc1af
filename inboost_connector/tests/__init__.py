from hypothesis import HealthCheck, settings

# A machine that is busy with something else is no failure of ours.
settings.register_profile(
    "busy", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("busy")

from . import (  # noqa: E402
    test_bonus_balance,
    test_bonus_expiry,
    test_bonus_ledger,
    test_bonus_reconcile,
    test_capture,
    test_customer_history,
    test_customer_links,
    test_customer_lookup,
    test_customer_pull,
    test_delivery,
    test_event_actions,
    test_lib_client,
    test_lib_rules,
    test_safety,
)
