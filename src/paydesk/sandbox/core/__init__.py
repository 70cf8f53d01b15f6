"""The ground of every call: the state, the clock, ids, errors, lists and search."""
