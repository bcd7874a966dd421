"""The hub of a county, from the broker to the people.

What boxes send: `ingest` stores it, `matters` (by the pure `correlate`) makes cases of it, `cases` (by the pure
`lifecycle` and `worktime`) keeps them, `escalation`, `notify` and `feeds` follow. What persons do comes in by `web`,
`api` and `cli`, as whom `accounts` lets in and `sight` lets see, and goes to boxes by `downlink`. `hub` runs it all.
"""
