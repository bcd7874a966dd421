"""Figures over days and months: what must be looked at while it lasts is added up, the rest is counted by index.

boxes and cameras, looked at every five minutes → `sampling`; check-ins by day → `checkins`, asked `ledger`
cases and rates for pages → `figures`
"""
