from . import inboost_backend  # sale orders and their credit notes are purchases
from . import inboost_event  # which team sold it
from . import inboost_request_log  # which team sold what was sent
from . import sale_order  # a purchase
from . import sale_order_bonus  # the points it moves
from . import sale_order_line  # a line of a purchase
from . import account_move  # the moment of payment, and credit notes of orders
from . import account_partial_reconcile  # when an invoice was paid
from . import pos_order  # an order that a register takes over
from . import pos_order_line  # a line of it
