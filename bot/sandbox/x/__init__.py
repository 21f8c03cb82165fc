"""X (API v2) on this machine: its account, its posts and private messages, and whom it calls."""
