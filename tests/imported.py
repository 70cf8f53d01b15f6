"""What a process of `forked` has imported before it begins."""

import importlib
import pkgutil

import paydesk
from paydesk import commerce
from paydesk.store.records import tables

for module in pkgutil.walk_packages(paydesk.__path__, "paydesk."):
    if not module.name.endswith("__main__") and ".migrations." not in module.name:
        importlib.import_module(module.name)
tables.build(commerce.registry())
