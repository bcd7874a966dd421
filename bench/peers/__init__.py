"""One file a contender, ours among them: how it stores, and how it sends. Each runs as a process of its own.

Only `ours` imports the product; all others run under the peers' interpreter with the standard library and their own.
"""
