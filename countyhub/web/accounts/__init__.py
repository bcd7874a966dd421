"""The pages of who uses the console.

logging in and out, one's own account → `login`; users, for who manages them → `userpages`
pictures, letters and personal data, for a reason → `looking`
"""
