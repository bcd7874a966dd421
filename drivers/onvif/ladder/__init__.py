"""How one camera is heard, on a ladder of three rungs: pull point (`pulling`), posts (`notifying`), then mere `stills`.

`ladder` climbs it. What is heard goes to a `Listener`, the same on every rung; there is never a second subscription.
"""
