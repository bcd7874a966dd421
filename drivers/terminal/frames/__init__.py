"""What the parts of a terminal say on the line: one file a protocol. Sans-I/O: bytes in, frames out, and back."""
