"""Drivers: a folder for each family of devices, and beside them what several share. No family knows another."""
