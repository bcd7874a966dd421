"""Server-sent events: how a page that is open changes by itself, at most once a second.

events as they arrive → `eventstream`; the live parts of every other page → `partstream`; what both share → `seat`
at most one update a second, room for how many pages → `seat`, told there is something new by `countyhub.web.live`
a browser comes back with Last-Event-ID → `eventstream`: what it missed; `partstream`: all parts as they are now
"""
