"""The pages of who uses the console: logging in and out, one's own account, users, and looking for a reason."""
