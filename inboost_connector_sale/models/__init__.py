from . import (
    account_move,
    inboost_backend,
    pos_order,
    sale_order,
    sale_order_bonus,
    sale_order_line,
)
