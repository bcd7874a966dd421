"""Settings in TOML files: declared once as Structs, read with the line of every key, checked, and told wrong as text.

The parts: declared (what a setting is and says of itself), locator (lines of keys), reader (one file), decoded (is it
right), expected (what would be), mistakes (file:line: key: what is wrong).
"""

from gridwire.settings.declared import OwnFile, Secret, Settings, about, meaning

__all__ = ["OwnFile", "Secret", "Settings", "about", "meaning"]
