"""`python -m simulators.demo`: the whole product on one screen, as real processes that speak real protocols.

What it raises and what the hub has committed are counted apart from each other, and compared at the end.
"""
