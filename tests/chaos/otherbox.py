"""Another box for one process: a clock of its own that can be set, a boot id and a machine id of its own.

A small library of C, compiled here and preloaded, answers the process instead of the kernel; the product runs as it is.
Where there is no compiler `why_not` says so, and the process keeps the machine's clock and identity.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("other_box.c")


class OtherBox:
    """What one process takes for its machine. `environment` is to be its own; `step` and `identify` change it."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._clock, self._boot, self._machine = (folder / part for part in ("clock", "boot_id", "machine-id"))
        self.why_not = ""
        self.environment: dict[str, str] = {}
        self.step(0)
        self.identify(f"{name}-1", name)
        compiler, library = shutil.which("cc"), folder / "other_box.so"
        if compiler is None:
            self.why_not = "no C compiler (apt-get install -y gcc)"
            return
        subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", library, SOURCE, "-ldl"], check=True)
        self.environment = {
            "LD_PRELOAD": str(library),
            "OTHER_CLOCK": str(self._clock),
            "OTHER_BOOT": str(self._boot),
            "OTHER_MACHINE": str(self._machine),
        }

    def step(self, seconds: int) -> None:
        """Its wall clock is wrong by so much from now on; 0 sets it right."""
        with self._clock.open("r+b" if self._clock.exists() else "wb") as file:  # it is mapped: never truncate
            file.write(seconds.to_bytes(8, "little", signed=True))

    def identify(self, boot: str, machine: str) -> None:
        """As from its next start."""
        self._boot.write_text(boot + "\n")
        self._machine.write_text(machine + "\n")
