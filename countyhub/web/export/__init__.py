"""Tables: defined once, shown by pages, and taken away.

how columns are written and shown → `tables`, each table beside its page (`countyhub.web.cases.casetable` and the like)
addresses and rights → `exports`; bytes of CSV and XLSX → `exportfiles`
numbers of persons in it → masked by the page's module; noted in the audit → `countyhub.web.door.logingate`
"""
