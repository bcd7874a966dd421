"""In which forms our processes can log. Apart from `logs`, so that a command line that only names them starts fast."""

from typing import Final

FORMATS: Final = ("auto", "plain", "journal", "json")
"""auto: `journal` when systemd reads what is written, else `plain`. Whoever collects the lines adds the time."""
