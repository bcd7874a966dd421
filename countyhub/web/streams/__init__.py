"""Server-sent events: how a page that is open changes by itself, at most once a second."""
