from . import (
    test_bonus_sequences,
    test_credit_notes,
    test_month,
    test_sale_bonuses,
    test_sale_events,
    test_sale_orders,
    test_sale_roles,
    test_sale_shops,
)
