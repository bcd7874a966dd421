"""Who did what: rows in a chain of hashes, written in the transaction of what they tell of.

a row is added → `trail`, its kinds `kinds`; its hash is computed → `chain`
read, newest first or all → `reading`; is it whole → `verify`, against the ends noted elsewhere each day → `anchors`
what is old enough goes → `pruning`; its page → `countyhub.web.audit.auditpage`, its command → `countyhub.cli.audit`
"""
