"""paydesk: an open, self-hostable payment desk that speaks the Commerce Layer API."""

__version__ = "0.1.0"
