"""Who may log in at the console, as what, and what that lets them see and do. Knows no page and no route."""
