"""How a box gets its certificate from the hub, and the next one before that ends.

`cryptography` is imported by `enrol.keys` only, which runs in `edgeagent enroll`, never in the running agent.
"""
