"""What the console says, in Chinese and English.

texts → the modules whose names end so, found by that; all of them → `table`
which language a page is in → `countyhub.web.render.language_of`
a county's own names for things → `words`; an event in a line → `present`; a browser → `agents`
"""
