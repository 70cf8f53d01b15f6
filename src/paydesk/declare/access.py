"""Who may do what with a resource, as a declaration beside the resource itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from paydesk.declare.conditions import ALWAYS, NEVER, Condition, through

Act = Literal["create", "show", "list", "update", "delete"]

_LETTERS: dict[str, Act] = {"C": "create", "S": "show", "L": "list", "U": "update", "D": "delete"}


def acts(letters: str) -> frozenset[Act]:
    return frozenset(_LETTERS[letter] for letter in letters)


@dataclass(frozen=True)
class Access:
    """What sales channels may do; integrations and administrators may do all that the resource's actions allow.

    guest            acts of a sales channel without owner, as letters of CSLUD (L: the collection)
    customer         acts that a customer's token has
    guest_sees       rows a guest reads; `None` for those a customer sees alike
    customer_sees    rows a customer reads
    guest_writes     rows a guest changes or deletes, a subset of those read
    customer_writes  the same for a customer
    late             triggers that a customer may still use, alone, on rows that are no longer written
    customer_late    those rows
    customer_lists   which of the rows read a customer's collections hold: one record may be shown to whoever knows its
                     id, a list is the owner's own
    scope            rows within the token's markets, for every caller whose token names markets
    sales_scope      the same for sales channels alone
    """

    guest: str = ""
    customer: str = ""
    guest_sees: Condition = NEVER
    customer_sees: Condition = NEVER
    guest_writes: Condition = NEVER
    customer_writes: Condition = NEVER
    late: frozenset[str] = frozenset()
    customer_late: Condition = NEVER
    customer_lists: Condition = ALWAYS
    scope: Condition = ALWAYS
    sales_scope: Condition = ALWAYS

    def via(self, relationship: str, *, guest: str, customer: str | None = None) -> Access:
        """The same rows seen from a record that belongs to one of them."""
        return replace(
            self,
            guest=guest,
            customer=guest if customer is None else customer,
            guest_sees=through(relationship, self.guest_sees) or ALWAYS,
            customer_sees=through(relationship, self.customer_sees) or ALWAYS,
            guest_writes=through(relationship, self.guest_writes) or ALWAYS,
            customer_writes=through(relationship, self.customer_writes) or ALWAYS,
            late=frozenset(),
            customer_late=NEVER,
            customer_lists=through(relationship, self.customer_lists) or ALWAYS,
            scope=through(relationship, self.scope) or ALWAYS,
            sales_scope=through(relationship, self.sales_scope) or ALWAYS,
        )


NOBODY = Access()
"""No sales channel reaches it."""
