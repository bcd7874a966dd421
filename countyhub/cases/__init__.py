"""Cases as they are kept: opened once for each matter, changed by acts that nobody overwrites, found quickly.

What a case may do is the pure lifecycle's business; here it is stored, together with the line that tells of it.
"""
