"""What the console says, in Chinese and English: the texts of each part in a module whose name ends in `texts`, all of
them in `table`; the names that a county has for things; how an event reads.
"""
