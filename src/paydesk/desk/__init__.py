"""The desk: the one way to read and to change anything."""

from paydesk.desk.desk import Desk
from paydesk.desk.kept_answers import Kept
from paydesk.desk.refusals import Broken
from paydesk.desk.requests import Request, Write

__all__ = ["Broken", "Desk", "Kept", "Request", "Write"]
