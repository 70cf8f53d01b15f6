"""Compares the payments of a period with what their gateways say of them, and mends what can be mended.

`run` goes through the steps; `scope` says which gateways and days are compared, `payments` compares ours, `strays`
finds what only a gateway knows, `fix` changes what `--fix` may change, and `report` is what comes of it.
"""
