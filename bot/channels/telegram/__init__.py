"""Telegram: updates by polling or webhook, messages by python-telegram-bot's Bot."""

from bot.channels.telegram.channel import TelegramChannel, TelegramSettings

__all__ = ["TelegramChannel", "TelegramSettings"]
