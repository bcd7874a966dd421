"""The county's registry: what belongs where since when, who owns what, from files that a county makes in a spreadsheet.

`forms` says once which files there are. `folder` reads them, `check` finds every mistake, `difference` says what would
change, `stored` writes that in one transaction. `snapshot` answers questions, `live` keeps it up to date.
"""
