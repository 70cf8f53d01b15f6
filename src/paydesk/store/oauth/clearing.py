"""Deleting what has ended: keys, grants, tokens, codes, revocations, guesses."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, bindparam

from paydesk.base.instants import later
from paydesk.store.oauth.codes import authorization_codes
from paydesk.store.oauth.grants import grants
from paydesk.store.oauth.guesses import guesses
from paydesk.store.oauth.revocations import revocations
from paydesk.store.oauth.signing_keys import signing_keys
from paydesk.store.oauth.tokens import access_tokens, refresh_tokens
from paydesk.store.sql.ask import Ask, Transaction
from paydesk.store.sql.portions import PORTION, oldest


def clear(now: str, limit: int = PORTION) -> Transaction[bool]:
    """Delete what has ended, so many rows at most; whether there may be more. Codes stay a day longer, so that a second
    use is still known for one.
    """
    left = limit
    for table, column, until in (
        (revocations, "until", later(now, -3600)),
        (access_tokens, "until", later(now, -3600)),
        (refresh_tokens, "expires_at", now),
        (grants, "expires_at", now),
        (authorization_codes, "expires_at", later(now, -86_400)),
        (guesses, "until", now),
        (signing_keys, "retired_at", later(now, -3600)),
    ):

        def build(table: Table = table, column: str = column) -> Any:
            over = table.c[column] < bindparam("until", type_=table.c[column].type)
            return oldest(table, table.c[column], over)

        rows = yield Ask(("oauth", "clear", table.name), build, {"until": until, "limit": left})
        left -= len(rows)
        if not left:
            return True
    return False
