from . import inboost_backend  # orders of the register are purchases
from . import pos_order  # a purchase, and the points it moves
from . import pos_order_bonus  # the points that it should move
from . import pos_order_line  # a line of a purchase
from . import account_move  # a credit note of what was a purchase
from . import account_move_bonus  # the points that it takes back
from . import res_partner  # what a register knows of customers
from . import inboost_event  # in which shop it happened
from . import inboost_request_log  # in which shop what was sent happened
