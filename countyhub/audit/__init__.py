"""Who did what: rows in a chain of hashes, written in the transaction of what they tell of.

a row is added → `trail`, its kinds `kinds`, its hash `chain`
is it whole → `reading`, against the ends noted elsewhere `anchors`; what is old enough goes → `pruning`
"""
