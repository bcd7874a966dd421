"""The loop of a case, 发现-备案-上报-交办-处置-反馈-办结-归档, as one table (`table.py`) and one function (`step.py`).

No I/O and no clock. The rules have ids in docs/county-rules.md, the table is printed in docs/reference/lifecycle.md.
"""
