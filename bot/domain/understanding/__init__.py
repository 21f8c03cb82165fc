"""What a shopper's message means: an intent, what is wanted, and what must still be asked.

Deterministic and explainable: word lists and the catalogue, no language model.
"""

from bot.domain.understanding.clerk import Clerk, as_json
from bot.domain.understanding.meaning import Intent, Understanding, Wanted
from bot.domain.understanding.replies import LAST, pointed_at

__all__ = ["LAST", "Clerk", "Intent", "Understanding", "Wanted", "as_json", "pointed_at"]
