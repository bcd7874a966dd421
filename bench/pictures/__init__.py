"""Photographs made into days of camera snapshots, and into faults: what `drivers.picture` is measured on."""
