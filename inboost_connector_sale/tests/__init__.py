from . import test_sale_bonuses, test_sale_orders
