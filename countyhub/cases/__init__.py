"""Cases as they are kept: opened once for each matter, changed by acts that nobody overwrites, found quickly.

What a case may do is the pure lifecycle's business; here it is stored, together with the line that tells of it.

which signals are one case → `countyhub.correlate`; a matter becomes a case → `opening`;
two cases are put together → `joining`
somebody acts → `acting`, written by `rows`, in words `actnames`; why not → `refusals`;
two at once → `retrying`
what is due when, which light shows → `duedates`; done when it is time → `countyhub.escalation`
lists, one case, timelines → `finding`, `listing`, columns of tables `columnnames`; pictures and documents → `attaching`
who may act as what → `book`
"""
