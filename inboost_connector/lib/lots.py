"""Which points expire when: lots, first in first out, over the rows of a ledger.

Each row that wins points makes a lot of its own, valid for so many days. What is spent
is taken from the oldest lots. A reversal undoes what its order did: points it won are
taken from its own lots, points it spent return to the lots they came from, with the
dates they had. A balance below zero is a debt that the next points pay. Points that
came from another card keep the day on which they were won there."""

from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

#: Less than this is the noise of floats.
EPSILON = 0.000001


@dataclass
class Row:
    """One change of a card's points, in the order in which they happened.

    :ivar day: on which the points were won; earlier than the row where they only moved
    """

    id: int
    day: date
    won: float = 0.0
    spent: float = 0.0
    order: str | None = None
    reversal: bool = False


@dataclass
class Lot:
    """:ivar id: of the row that made it"""

    id: int
    born: date
    left: float
    won: float


@dataclass
class _Taken:
    """Points that an order spent of a lot, and that were not given back."""

    lot: Lot
    left: float


@dataclass
class _Card:
    lots: list[Lot] = field(default_factory=list)
    debt: float = 0.0
    given: dict[str, list[Lot]] = field(default_factory=dict)
    taken: dict[str, list[_Taken]] = field(default_factory=dict)

    def win(self, row: Row, amount: float) -> None:
        paid = min(self.debt, amount)
        self.debt -= paid
        lot = Lot(row.id, row.day, amount - paid, amount)
        insort(self.lots, lot, key=lambda each: each.born)
        if row.order:
            self.given.setdefault(row.order, []).append(lot)

    def spend(
        self, row: Row, amount: float, lots: Iterable[Lot] | None = None
    ) -> float:
        """:return: what no lot had left"""
        for lot in self.lots if lots is None else lots:
            part = min(lot.left, amount)
            if part <= 0:
                continue
            lot.left -= part
            amount -= part
            if lots is None and row.order:
                self.taken.setdefault(row.order, []).append(_Taken(lot, part))
        return amount

    def give_back(self, order: str, amount: float) -> float:
        """Latest first: these live longest and were taken last.

        :return: what the order had not spent
        """
        for taken in reversed(self.taken.get(order, [])):
            part = min(taken.left, amount)
            taken.left -= part
            amount -= part
            paid = min(self.debt, part)
            self.debt -= paid
            taken.lot.left += part - paid
        return amount


def lots(rows: Iterable[Row]) -> list[Lot]:
    """The lots that have points left, oldest first.

    :param rows: of one card
    """
    card = _Card()
    for row in rows:
        won, spent = row.won, row.spent
        if row.reversal and row.order:
            won = card.give_back(row.order, won)
            spent = card.spend(row, spent, reversed(card.given.get(row.order, [])))
        if won > EPSILON:
            # Won before it is spent: an order may spend what it wins.
            card.win(row, won)
        card.debt += card.spend(row, spent)
    return [lot for lot in card.lots if lot.left > EPSILON]


def expires(lot: Lot, days: int, card_expires: date | None = None) -> date | None:
    """The last day on which ``lot`` can be used; None for never.

    :param int days: the program's validity; 0 for never
    :param date card_expires: of the card itself, which goes before the program's
    """
    if card_expires:
        return card_expires
    return lot.born + timedelta(days=days) if days else None
