"""What goes before what."""

#: The two lanes of the outbox: live goes before history.
LIVE, HISTORY = 0, 10
#: Operations that send a state rather than a fact: it is read when it leaves, and one
#: with a newer one behind it need not leave at all.
NEWEST_ONLY = frozenset({"balance_set"})
#: Operations about one customer that start campaigns: not for who opted out.
MARKETING = frozenset({"purchase", "purchase_refund"})
