"""The benchmark: paydesk's hot paths beside the limits of the same machine, in one run.

`python -m bench` measures; `python -m bench profile CASE` tells where a case spends its time.
"""
