"""What the hub tells boxes: acknowledgements, orders, notice boards and their part of the configuration.

Everything but an acknowledgement is a row first, and leaves by `sender` until the broker has taken it.
"""
