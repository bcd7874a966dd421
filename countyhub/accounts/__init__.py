"""Who may log in at the console, as what, and what that lets them see and do. Knows no page and no route.

log-in and log-out → `entry`, `passwords`, held back after failures `lockout`
sessions and when they end → `session`; who somebody is at this moment → `viewer`
what a role may do → `roles`; users made and changed → `users`
what is hidden from whom → `masking`, shown for a reason → `reasons`
what is done daily → `auditupkeep`
"""
