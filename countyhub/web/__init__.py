"""The hub's console: pages rendered here, live by server-sent events, nothing loaded from elsewhere.

What a person does with a case goes by `cases.acting`, as from the interface and the command line.
"""
