"""Telegram: updates by polling or webhook, messages by python-telegram-bot's Bot."""

from bot.channels.telegram.channel import TelegramChannel, TelegramSettings
from bot.channels.telegram.wire import AiohttpRequest

__all__ = ["AiohttpRequest", "TelegramChannel", "TelegramSettings"]
