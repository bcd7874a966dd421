"""From the broker into the database: everything that boxes send, stored once, and answered after its commit alone.

The way: `subscriber` hears it, `intake` takes it apart, `inbox` commits it: numbered things by `sorting`, `keys` and
`rows`, what boxes say of themselves by `boxes` and `streams`. Then `committed` tells those who follow.

database locked, full or gone → `subscriber` tries again with what it has; nothing is acknowledged meanwhile
what cannot be read → `deadletters`, its number (where it can be told) answered all the same; tried again → `rereading`
an event of a type that this release does not know → `gridwire.codec` refuses it by name, `deadletters` keeps it whole
a number that never came → noticed by `missing`, asked for again by `replay`; declared lost by the box → `rows`
when something really happened → `truetime`; two machines under one id, a disk set back → `identityfaults`
"""
