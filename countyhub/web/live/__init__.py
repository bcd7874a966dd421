"""What the hub knows now, looked at once for all browsers: what changed since the last look, open cases counted, what
needs a person. Only reads; no page is known here.
"""
