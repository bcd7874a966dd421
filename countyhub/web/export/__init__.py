"""Tables: defined once, shown by pages, and taken away as CSV and XLSX."""
