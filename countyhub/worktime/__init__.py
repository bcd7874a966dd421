"""The county's working time (`calendar`), as its files say (`calendarfile`), and how long a case may take by it
(`deadlines`). Pure: time comes in.
"""
