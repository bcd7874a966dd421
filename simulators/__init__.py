"""Devices, villages and counties that do not exist and speak the real protocols: for the demo, tests and load."""
