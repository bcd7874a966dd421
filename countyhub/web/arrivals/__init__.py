"""The pages of what arrives.

events → `eventspage`; check-ins by village and day → `checkinpage`, its tables → `checkintables`
signals that made no case, messages that could not be read → `counterpages`
"""
