"""The two lanes of the outbox: live goes before history."""

LIVE, HISTORY = 0, 10
