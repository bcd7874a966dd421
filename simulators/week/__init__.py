"""`python -m simulators.week`: a small county with a lived-in week behind it, for the demo, browsers and screenshots.

Nothing is written into tables by hand: boxes say it in wire events, persons do it by acts, the clock alone is moved.
"""
