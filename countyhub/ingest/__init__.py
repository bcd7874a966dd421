"""From the broker into the database: everything that boxes send, stored once, and answered after its commit alone.

The way: `subscriber` hears it, `intake` takes it apart, `inbox` commits it: numbered things by `sorting`, `keys` and
`rows`, what boxes say of themselves by `boxes` and `streams`. `commits` tells those who follow; `replay` asks for what
is `missing`.

what cannot be read → `deadletters`, its number (where it can be told) answered all the same; tried again → `rereading`
when something really happened → `truetime`; two machines under one id, a disk set back → `identityfaults`
"""
