"""Telegram and Stripe on this machine: what the demo, the tests and the benchmark talk to."""
