"""A county that does not exist, as registry files: areas, outlines, boxes, staff, devices, matters, households.

Everything is invented from a seed, and the same seed gives the same files. Codes begin with 99, a province that
GB/T 2260 does not have; telephone numbers begin with 100, which no mobile network uses.
"""
