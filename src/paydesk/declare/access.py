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
class Late:
    """What a sales channel may still ask of rows that are no longer written, in a request that asks for nothing else.

    asks       triggers and attributes by name; a member of an object by path (`options.return_url`)
    guest      of which rows a guest may ask it
    customer   the same for a customer's token
    """

    asks: frozenset[str]
    guest: Condition = NEVER
    customer: Condition = NEVER


@dataclass(frozen=True)
class Access:
    """What sales channels may do; integrations and administrators may do all that the resource's actions allow.

    guest            acts of a sales channel without owner, as letters of CSLUD (L: the collection)
    customer         acts that a customer's token has
    guest_sees       rows a guest reads; `None` for those a customer sees alike
    customer_sees    rows a customer reads
    guest_writes     rows a guest changes or deletes, a subset of those read
    customer_writes  the same for a customer
    late             what may still be asked of rows that are no longer written
    customer_lists   which of the rows read a customer's collections hold: one record may be shown to whoever knows its
                     id, a list is the owner's own
    scope            rows within the token's markets, for every caller whose token names markets
    sales_scope      the same for sales channels alone
    unscoped         rows for sales channels whose token names no market
    store_scope      rows within the token's store, for every caller whose token names one
    place_scope      rows of the token's stock locations, for every caller whose token names such and no market
    """

    guest: str = ""
    customer: str = ""
    guest_sees: Condition = NEVER
    customer_sees: Condition = NEVER
    guest_writes: Condition = NEVER
    customer_writes: Condition = NEVER
    late: tuple[Late, ...] = ()
    customer_lists: Condition = ALWAYS
    scope: Condition = ALWAYS
    sales_scope: Condition = ALWAYS
    unscoped: Condition = ALWAYS
    store_scope: Condition = ALWAYS
    place_scope: Condition = ALWAYS

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
            late=(),
            customer_lists=through(relationship, self.customer_lists) or ALWAYS,
            scope=through(relationship, self.scope) or ALWAYS,
            sales_scope=through(relationship, self.sales_scope) or ALWAYS,
            unscoped=through(relationship, self.unscoped) or ALWAYS,
            store_scope=through(relationship, self.store_scope) or ALWAYS,
            place_scope=through(relationship, self.place_scope) or ALWAYS,
        )


NOBODY = Access()
"""No sales channel reaches it."""
