"""What box and hub share: the wire, defined once. Knows neither side, does no I/O outside of `gridwire.mqtt`.

    codes     ids of boxes, grids, devices; ULIDs          problem   named errors in two languages
    events    the envelope, and the data of each type      refusals  every reason to refuse what came
    messages  what is not an event                         codec     Structs to bytes and back, each event for itself
    topics    the one table of topics                      limits    how large anything may be
    ranges    sets of numbers as runs                      mqtt/     the MQTT client of both ends

A field may be added, never changed; unknown fields are ignored, unknown types refused by name. JSON Schema, AsyncAPI
and the reference pages are made from these definitions by `scripts/generate.py`.
"""
