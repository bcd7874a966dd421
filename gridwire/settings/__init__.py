"""Settings in TOML files: declared once as Structs, read with the line of every key, checked, and told wrong as text.

what a setting is and says of itself → `declared`; one file → `reader`, lines of keys → `locator`
is it right, and if not, a suggestion → `decode`, what it would be `expected`
file:line: key: what is wrong → `mistakes`
written as TOML → `tomltext`
"""

from gridwire.settings.declared import OwnFile, Secret, Settings, about, meaning

__all__ = ["OwnFile", "Secret", "Settings", "about", "meaning"]
