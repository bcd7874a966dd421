"""The hub's database: its tables, how it is opened, and how an older one is brought up to date.

tables → `schema` (all), `tables`, `casetables` and their like
how it is opened → `engine`, `sqlite`, `postgres`, when it is older → `upgrade`
when something is deleted → `retention`, cases `caseretention`, whole months `partitions`; run daily → `upkeep`
backups → `backup`, a folder of them `backupfolder`; from SQLite to PostgreSQL → `filerows`
how far a work has come → `cursors`; what nobody could write or read → `aside`; why not, in words → `problems`
"""
