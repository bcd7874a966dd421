"""Makes cases out of what arrived: follows the inbox, asks the correlator, opens, joins and merges cases.

The promise: whatever dies, and however often events are read again, matters and cases are those of the set of events
(`correlate.batch`), each once. Matters, cases and the place in the inbox are written in one transaction.

when it runs → `follower`, one page at a time `round`, read by `reading`
a matter becomes a case, joins or merges → `casework`, on which events it stands `evidence`
which alarms become cases → `kinds`; what people do at terminals → `persons`
times in which alarms are expected → `windowfiles`
"""
