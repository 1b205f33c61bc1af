# The order is the architecture: each storey uses those above it in this list, never one
# below.
from . import outbox  # a fact becomes a request, once
from . import bonuses  # the ledger of points
from . import customers  # who is who
from . import register  # the documents of the point of sale
