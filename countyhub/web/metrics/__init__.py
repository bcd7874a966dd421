"""The hub's numbers for Prometheus: what each means (`rows`, `boxrows`, in the form that `table` gives), how it is
found out (`figures`, `lags`, `places`, `vitals`), and the text of them all (`gauges`). The reference is made of the
same rows.
"""
