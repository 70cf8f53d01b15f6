"""Tokens, Actors, scopes, and which kind of client may do what."""
