"""Telegram's Bot API on this machine: one bot, its chats, and the people in them."""
