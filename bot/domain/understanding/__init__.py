"""What a shopper's message means: an intent, what is wanted, and what must still be asked.

Deterministic and explainable: word lists and the catalogue, no language model.
"""

from bot.domain.understanding.clerk import Clerk, as_json
from bot.domain.understanding.meaning import Intent, Understanding, Wanted
from bot.domain.understanding.replies import reply_number

__all__ = ["Clerk", "Intent", "Understanding", "Wanted", "as_json", "reply_number"]
