"""Photographs made into days of camera snapshots, and into pictures with faults: what `drivers.picture` is measured on."""
