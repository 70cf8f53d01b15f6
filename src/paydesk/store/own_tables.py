"""The tables that no type declares: paydesk's own. Whoever compares or makes the whole schema imports them here."""

from __future__ import annotations

from paydesk.store.inbox.tables import gateway_cursors, gateway_events, gateway_tallies
from paydesk.store.journal.holders import holders
from paydesk.store.journal.idempotency import idempotency_keys
from paydesk.store.journal.tables import gateway_calls
from paydesk.store.oauth.administrators import users
from paydesk.store.oauth.codes import authorization_codes
from paydesk.store.oauth.grants import grants
from paydesk.store.oauth.guesses import guesses
from paydesk.store.oauth.revocations import revocations
from paydesk.store.oauth.signing_keys import signing_keys
from paydesk.store.oauth.tokens import access_tokens, refresh_tokens
from paydesk.store.ownership import installation
from paydesk.store.records.numbers import sequences
from paydesk.store.released import migrations
from paydesk.store.turns import turns
from paydesk.store.upkeep.lost import lost_payments

OWN_TABLES = (
    *(installation, migrations, sequences, turns),
    *(gateway_calls, holders, idempotency_keys),
    *(gateway_cursors, gateway_events, gateway_tallies, lost_payments),
    *(access_tokens, authorization_codes, grants, guesses, refresh_tokens, revocations, signing_keys, users),
)
