"""What a bot shows of itself: commands, descriptions and the menu button, by scope and language."""

from __future__ import annotations

import re
from typing import Any

import orjson

from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.refusals import bad_request
from bot.sandbox.wire import Json

MOST_COMMANDS = 100
TEXTS = {"description": 512, "short_description": 120, "name": 64}
"""The longest of each text."""

_COMMAND = re.compile(r"/?[a-z0-9_]{1,32}")
_LANGUAGE = re.compile(r"(?:[a-z]{2})?")
SCOPES = frozenset(
    {
        "default",
        "all_private_chats",
        "all_group_chats",
        "all_chat_administrators",
        "chat",
        "chat_administrators",
        "chat_member",
    }
)


class Profile:
    """The bot's page, as it was set."""

    def __init__(self) -> None:
        self.commands: dict[tuple[str, str], list[Json]] = {}
        self.texts: dict[tuple[str, str], str] = {}
        self.menu_buttons: dict[int, Json] = {}

    def set_commands(self, params: Params) -> bool:
        """setMyCommands."""
        given = params.nested("commands", "commands")
        if not isinstance(given, list):
            raise bad_request("can't parse BotCommand: expected an Array")
        if len(given) > MOST_COMMANDS:
            raise bad_request("BOT_COMMANDS_TOO_MUCH")
        self.commands[_place(params)] = [_command(one) for one in given]
        return True

    def get_commands(self, params: Params) -> list[Json]:
        """getMyCommands: exactly those of this scope and language."""
        return self.commands.get(_place(params), [])

    def delete_commands(self, params: Params) -> bool:
        """deleteMyCommands."""
        self.commands.pop(_place(params), None)
        return True

    def set_text(self, field: str, params: Params) -> bool:
        """setMyName, setMyDescription, setMyShortDescription."""
        text = params.text(field) or ""
        if len(text) > TEXTS[field]:
            raise bad_request(f"{field.replace('_', ' ')} is too long")
        self.texts[field, _language(params)] = text
        return True

    def get_text(self, field: str, params: Params) -> Json:
        """The text of that language, else the one for all."""
        return {field: self.texts.get((field, _language(params)), self.texts.get((field, ""), ""))}

    def set_menu_button(self, params: Params) -> bool:
        """setChatMenuButton; without a chat, for all private chats."""
        button = params.nested("menu_button", "menu button")
        if button is not None and (
            not isinstance(button, dict) or button.get("type") not in ("commands", "web_app", "default")
        ):
            raise bad_request("can't parse menu button: MenuButton has unsupported type")
        self.menu_buttons[params.integer("chat_id")] = button or {"type": "default"}
        return True

    def get_menu_button(self, params: Params) -> Json:
        """getChatMenuButton."""
        return self.menu_buttons.get(params.integer("chat_id"), self.menu_buttons.get(0, {"type": "commands"}))

    def wire(self) -> list[Json]:
        """Every list of commands that was set, for the page that shows them."""
        return [
            {"scope": orjson.loads(scope), "language_code": language, "commands": commands}
            for (scope, language), commands in self.commands.items()
        ]


def _place(params: Params) -> tuple[str, str]:
    scope = params.nested("scope", "scope") or {"type": "default"}
    if not isinstance(scope, dict) or scope.get("type") not in SCOPES:
        raise bad_request("can't parse BotCommandScope: Unsupported type specified")
    return orjson.dumps(scope, option=orjson.OPT_SORT_KEYS).decode(), _language(params)


def _language(params: Params) -> str:
    language = params.text("language_code") or ""
    if not _LANGUAGE.fullmatch(language):
        raise bad_request("invalid language code specified")
    return language


def _command(one: Any) -> Json:
    if not isinstance(one, dict):
        raise bad_request("can't parse BotCommand: expected an Object")
    command, description = str(one.get("command", "")), str(one.get("description", ""))
    if not _COMMAND.fullmatch(command):
        raise bad_request("BOT_COMMAND_INVALID")
    if not 1 <= len(description) <= 256:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": command.removeprefix("/"), "description": description}
