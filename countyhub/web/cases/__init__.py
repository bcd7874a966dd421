"""The pages of cases.

the list → `caselist`, what its address asks for → `casefilter`, taken away → `casetable`; mine to handle → `mine`,
the rows of both → `caserow`
one case → `casepage`, its buttons and forms → `caseacts`, its limits → `limits`, numbers in texts → `maskedcase`
signals that came after the feedback → `newsignals`; reporting a matter → `reportpage`
"""
