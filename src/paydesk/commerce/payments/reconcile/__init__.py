"""Our books and a gateway's: brought together (`fold`), or only compared (`compare`)."""
