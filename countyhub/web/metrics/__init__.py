"""The hub's numbers for Prometheus: what each means (`table`, `tableboxes`), how it is found out (`figures`, `lags`,
`places`), and the text of them all (`gauges`). The reference page is made of the same tables."""
