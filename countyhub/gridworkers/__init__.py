"""Grid workers as a terminal knows them: their numbers as hashes under the key of their village, never themselves.

numbers in, hashes out → `roster`; the key of a village → `villagekey`
"""
