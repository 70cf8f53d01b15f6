"""Refreshing an order: steps in an order that `steps` declares, each in a file of its own."""
