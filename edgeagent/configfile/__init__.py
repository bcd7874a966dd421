"""TOML files -> `Config`. All mistakes come at once, each with file, line, key and suggestion. Nothing is connected to.

all of it, in order → `load`; one file → `reader`, several → `merge`; a camera maker's own → `makers`
is it right → `devices`, `crosscheck`, `rulecheck`; what can be wrong → `boxmistakes`; only rules → `rulepart`
secrets → `ownfile`, not shown → `redact`; the county's part → `countypart`; how to begin → `sample`
lines of keys, values checked, "did you mean" → `gridwire.settings`
"""

from edgeagent.configfile.boxmistakes import BadConfig
from edgeagent.configfile.devices import DriverBroken, NoSuchDriver, Resolve
from edgeagent.configfile.load import Loaded, load
from edgeagent.configfile.redact import redacted
from gridwire.settings.mistakes import Mistake

__all__ = ["BadConfig", "DriverBroken", "Loaded", "Mistake", "NoSuchDriver", "Resolve", "load", "redacted"]
