"""The village agent: stores what its drivers observe, durably, and carries it to the county hub."""

__version__ = "0.1.0"
