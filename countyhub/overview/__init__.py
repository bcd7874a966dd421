"""Boxes, events and what needs a person, as console, interface and command line show them. Only reads.

boxes and cameras → `boxviews`; events as listed → `arrivals`; what needs a person → `attention`
"""
