from . import pos_order  # a purchase, and the points it moves
