"""Measures ours beside the peers, in one run, in turns. `python -m bench` writes docs/benchmarks.md.

Nothing here is imported by the product; what runs under the peers' interpreter imports the standard library only.

the works, each with what it measures → `works`; in how many rounds → `__main__`, `plan`
how a figure and its spread are reckoned → `stats`, kept `results`; what is promised → `targets`; printed → `report`
the peers, as they are run → `peers`, in which versions `environment`; the machine → `machine`
"""
