"""The county's working time, and what it makes of the limits of cases. Pure: time comes in.

which days and hours are worked → `calendar`, as its files say `calendarfile`
how long a case may take, from when on, and the light it shows → `deadlines`
"""
