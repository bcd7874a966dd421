"""The hub's console: server-rendered pages, live by server-sent events, read-only. Everything is served from here."""
