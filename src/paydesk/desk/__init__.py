"""The desk: the one way to read and to change anything."""

from paydesk.desk.desk import Desk
from paydesk.desk.refusals import Broken
from paydesk.desk.requests import Renderer, Request, Response, Write

__all__ = ["Broken", "Desk", "Renderer", "Request", "Response", "Write"]
