"""HTTP to addresses outside of the hub: where these may be (`targets`), and how what goes there is signed."""
