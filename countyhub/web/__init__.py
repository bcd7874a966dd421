"""The hub's console: pages rendered here, live by server-sent events, nothing loaded from elsewhere.

Each room holds the pages of its subject; in the root is what all stand on. What a person does with a case goes by
`countyhub.cases.acting`, as from the interface and the command line.
"""
