"""The pages of cases: the list, one case with what may be done, reporting a matter, and whose turn it is."""
