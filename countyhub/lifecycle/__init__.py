"""The loop of a case, 发现-备案-上报-交办-处置-反馈-办结-归档, as one table (`table.py`) and one function (`step.py`).

No I/O and no clock. The rules have ids in docs/county-rules.md, the table is printed in docs/reference/lifecycle.md.

which acts there are, who may do one (close, say) and from where → its row in `table`
what the words of who and when mean → `guards`; whether one is possible, and what it does → `step`, `effects`
what a case is, who is above an office → `state`; why not, in words → `refusals`
cases that belong together → `family`; the ledger's five steps → `fivesteps`; numbers → `number`
"""
