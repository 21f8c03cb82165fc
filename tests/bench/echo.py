"""The measure: the smallest python-telegram-bot, as the library comes. It keeps nothing and says back what it hears."""

from __future__ import annotations

import os

from telegram import Update
from telegram.ext import ApplicationBuilder, ContextTypes, MessageHandler, filters


async def echo(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.message is not None
    await context.bot.send_message(update.message.chat.id, f"You said: {update.message.text}")


def main() -> None:
    base = os.environ["TELEGRAM_BASE"]
    application = (
        ApplicationBuilder()
        .token(os.environ["TELEGRAM_BOT_TOKEN"])
        .base_url(f"{base}/bot")
        .base_file_url(f"{base}/file/bot")
        .concurrent_updates(True)
        .pool_timeout(60)
        .build()
    )
    application.add_handler(MessageHandler(filters.TEXT, echo))
    application.run_polling(poll_interval=0)


if __name__ == "__main__":
    main()
