"""Stripe's objects: a file for each, with the calls that make and change it."""
