"""The pages of the audit: who did what.

the page and its table → `auditpage`; what was typed into the search → `auditsearch`; a row in words → `auditwords`
"""
