"""Measures ours beside the peers, in one run, in turns. `python -m bench` writes docs/benchmarks.md.

Nothing here is imported by the product; what runs under the peers' interpreter imports the standard library only.
"""
