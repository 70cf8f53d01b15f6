"""Draws what operations return."""
