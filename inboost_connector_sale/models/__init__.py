from . import inboost_backend  # sale orders are purchases
from . import sale_order  # a purchase
from . import sale_order_bonus  # the points it moves
from . import sale_order_line  # a line of a purchase
from . import account_move  # the moment of payment
from . import pos_order  # an order that a register takes over
