"""Drivers: a folder for each family of devices, and beside them what several share. No family knows another.

families → `onvif`, `http_snapshot` (the shortest: read it first), `webhook`, `terminal`
a new one → a copy of docs/driver_template/
HTTP and logins of devices → `devicehttp`; XML of devices → `safexml`
pictures fetched and made fit → `snapshot`; whether they are any good → `picture`
serial ports → `seriallink`; Modbus RTU on them → `modbus`
"""
