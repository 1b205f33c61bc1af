import freezegun.api
from hypothesis import HealthCheck, settings

# Our threads have the same frozen clock as the rest: by default freezegun shows the
# real one to what is called near the beginning of a thread, and deadlines get mixed.
freezegun.api.call_stack_inspection_limit = 0

# A machine that is busy with something else is no failure of ours.
settings.register_profile(
    "busy", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("busy")

# isort: off
# ruff: noqa: E402, I001
from .outbox import test_capture, test_delivery, test_event_actions, test_nets
from .outbox import test_endpoint, test_event_check, test_profile, test_safety
from .bonuses import test_bonus_balance, test_bonus_expiry, test_bonus_ledger
from .bonuses import test_bonus_lots, test_bonus_missing, test_bonus_notice
from .bonuses import test_bonus_reconcile, test_bonus_refund, test_bonus_resend
from .customers import test_customer_history, test_customer_links
from .customers import test_customer_lookup, test_customer_pull
from .register import test_cost
