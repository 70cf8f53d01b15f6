"""Whether a token is good."""

from paydesk.base.errors import InvalidToken
from paydesk.oauth.authority import OAuth


def is_good(oauth: OAuth, token: str) -> bool:
    try:
        oauth.actor(token, None)
    except InvalidToken:
        return False
    return True
