"""Stripe on this machine: Checkout, what follows from it, and the signed events that tell of it."""
