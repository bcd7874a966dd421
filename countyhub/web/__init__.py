"""The hub's console: pages rendered here, live by server-sent events. A person's act goes by the same `cases.acting`,
`downlink` and `accounts` as the interface's and the command line's; nothing is loaded from elsewhere.
"""
