"""What box and hub share. Knows neither side. First the wire, defined once and pure:

    identifiers  of boxes, grids, devices; ULIDs           events    the envelope, and the data of each type
    messages     what is not an event                      topics    the one table of topics
    codec        Structs to bytes and back, each alone     refusals  every reason to refuse what came
    limits       how large anything may be                 ranges    sets of numbers as runs
    kinds        alarm kinds and their names               persons   the keyed hash that stands for a person
    enrolment, signing                                     before there is a certificate; the county's signature

an event of a type that is not known here, of bytes that are none → `codec`, refused by one of `refusals`
how long between two attempts to connect → `mqtt`

Then what both ends do alike: `mqtt` (the client), `settings` (files of settings and their mistakes), `problem` and
`verdict` (what is said to people), `logs`, `systemd`, `wholefile`.

A field may be added, never changed; unknown fields are ignored, unknown types refused by name. JSON Schema, AsyncAPI
and the reference pages are made from these definitions by `scripts/generate.py`.
"""
