"""Server-sent events: how a page that is open changes by itself, at most once a second.

events as they arrive → `eventstream`; the live parts of every other page → `partstream`; what both share → `seat`
"""
