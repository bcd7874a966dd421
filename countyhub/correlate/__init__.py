"""From raw signals to matters: what belongs together, whatever the order in which it arrived. Pure, and holds no clock.

The promise: `matters()` is a function of the set of signals taken and of the last `advance(now)`. Any order of arrival
and any repetition gives the same, as long as a signal is taken within the time that is kept (R-CORR-01, R-CORR-09).

signals taken one by one → `correlator`, what it remembers of a box `sites`; all at once, the oracle → `batch`
whether two signals are one case → `segments` (of one device and kind), `outages` (of several); by `matter.Limits`
what explains others → `sites`, `outages`; expected alarms → `windows`
what goes in → `signals`, what comes out → `matter`; a matter becomes a case → `countyhub.matters.casework`
"""
