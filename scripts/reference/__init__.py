"""Makers of generated pages: each gives the whole text of one or several files, from the definitions in the code."""
