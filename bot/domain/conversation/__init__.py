"""What the shop answers: pure decisions from what was meant and how things stand."""

from bot.domain.conversation.counter import Change, Counter, Decision, OpenOrder, Purchase, Rules, Situation
from bot.domain.conversation.decide import decide, press

__all__ = ["Change", "Counter", "Decision", "OpenOrder", "Purchase", "Rules", "Situation", "decide", "press"]
