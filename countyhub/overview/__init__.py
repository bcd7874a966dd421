"""Boxes, events and what needs a person, as console, interface and command line show them. Only reads."""
