"""Comptoir: the shop counter in a conversation."""

__version__ = "0.1.0"
