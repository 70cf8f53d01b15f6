"""What every call works with: the state, the clock, ids, errors, lists and search."""
