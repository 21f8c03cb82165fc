"""What a shopper's message means: an intent, what is wanted, and what must still be asked.

Deterministic and explainable: word lists and the catalogue, no language model.
"""

from bot.domain.understanding.meaning import Intent, Understanding, Wanted

__all__ = ["Intent", "Understanding", "Wanted"]
