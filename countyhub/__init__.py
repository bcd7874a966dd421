"""The hub of a county, from the broker to the people.

What boxes send: `ingest` stores it, `matters` (by the pure `correlate`) makes cases of it, `cases` (by the pure
`lifecycle` and `worktime`) keeps them, `escalation`, `notify` and `feeds` follow. What persons do comes in by `web`,
`api` and `cli`, as whom `accounts` lets in and `sight` lets see, and goes to boxes by `downlink`. `hub` runs it all.

what belongs where, who owns what → `registry`, `gridworkers`; figures, and what needs a person → `rollup`, `overview`
certificates of boxes and broker → `ca`; who did what → `audit`; addresses outside of the hub → `outbound`
tables, backups, what is deleted when → `store`; what one process may do at a time → `lease`
settings → `config`; `countyhub check` → `checks`
"""
