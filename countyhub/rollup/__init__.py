"""Figures over days and months: what must be looked at while it lasts is added up, the rest is counted by index."""
