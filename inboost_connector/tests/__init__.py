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
from .outbox import test_alarms
from .outbox import test_batch
from .outbox import test_capture
from .outbox import test_clock
from .outbox import test_crossing
from .outbox import test_delivery
from .outbox import test_delivery_cases
from .outbox import test_delivery_cron
from .outbox import test_endpoint
from .outbox import test_erasure
from .outbox import test_event_actions
from .outbox import test_event_check
from .outbox import test_model
from .outbox import test_nets
from .outbox import test_event_words
from .outbox import test_problem_words
from .outbox import test_health
from .outbox import test_monitor
from .outbox import test_plans
from .outbox import test_profile
from .outbox import test_rogue
from .outbox import test_roles
from .outbox import test_safety
from .outbox import test_secrets
from .bonuses import test_bonus_balance
from .bonuses import test_bonus_expiry
from .bonuses import test_bonus_ledger
from .bonuses import test_bonus_lots
from .bonuses import test_bonus_missing
from .bonuses import test_bonus_notice
from .bonuses import test_bonus_reconcile
from .bonuses import test_bonus_refund
from .bonuses import test_bonus_resend
from .customers import test_announcement
from .customers import test_another_portal
from .customers import test_consent_capture
from .customers import test_customer_history
from .customers import test_customer_links
from .customers import test_customer_lists
from .customers import test_customer_lookup
from .customers import test_customer_people
from .customers import test_customer_pull
from .customers import test_unsent
from .customers import test_wrong_settings
from .register import test_cost
from .register import test_event_shop
from .register import test_events_on_orders
from .register import test_register_credit_notes
from .register import test_register_nets
from .register import test_register_purchases
from .register import test_shops
from .register import test_setup
from .register import test_till
