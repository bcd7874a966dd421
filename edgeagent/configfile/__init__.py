"""TOML files -> `Config`. All mistakes come at once, each with file, line, key and suggestion. Nothing is connected to.

The parts: reader (one file), locator (lines of keys), merge (several files), makers (what a camera's maker fills in),
decode, devices and crosscheck (is it right), ownfile (secrets), redact (what may be shown), sample (how to begin).
"""

from edgeagent.configfile.boxmistakes import BadConfig
from edgeagent.configfile.devices import DriverBroken, NoSuchDriver, Resolve
from edgeagent.configfile.load import Loaded, load
from edgeagent.configfile.redact import redacted
from gridwire.settings.mistakes import Mistake

__all__ = ["BadConfig", "DriverBroken", "Loaded", "Mistake", "NoSuchDriver", "Resolve", "load", "redacted"]
