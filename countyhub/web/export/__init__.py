"""Tables: defined once, shown by pages, and taken away.

columns and how a page shows them → `tables`; addresses and rights → `exports`; bytes of CSV and XLSX → `exportfiles`
numbers of persons in it → masked by the page's module; noted in the audit → `countyhub.web.door.logingate`
"""
