"""The facts of every message and button, as a template may meet them: `check` renders each with them.

A merchant's template that speaks of something else is found now, not at the first sale (F111).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.domain.effects import Fact, Facts

LINE: dict[str, Fact] = {"sku": "mug", "name": "Mug <bleu>", "quantity": 2, "unit": 1800, "total": 3600}
ONE: dict[str, Fact] = LINE | {"quantity": 1, "total": 1800}
ORDER: dict[str, Fact] = {"ref": "C-7Q4K2", "total": 3600, "lines": [LINE, ONE]}
PRODUCT: dict[str, Fact] = {
    "name": "Mug bleu",
    "description": "Grès, 30 cl.",
    "price": 1800,
    "from": False,
    "stock": "few",
    "available": 3,
    "quantity": 2,
    "delivery": 490,
    "options": [{"name": "taille", "values": "S, M"}],
}
WANTED: dict[str, Fact] = {
    "name": "Mug bleu",
    "quantity": 9,
    "most": 5,
    "available": 3,
    "support": "bonjour@example.com",
}
WAYS: Fact = [
    {"name": "Colissimo", "price": 490, "free_from": 6000, "countries": "FR", "days": [2, 4]},
    {"name": "Retrait", "price": 0, "free_from": None, "countries": "", "days": []},
]
STATUS: dict[str, Fact] = ORDER | {
    "status": "created",
    "processing": False,
    "refunded": False,
    "at": "2026-11-23T12:00:00+00:00",
}
PUBLIC: dict[str, Fact] = {"who": "camille", "wording": 0, "code": "48213", "elsewhere": "Telegram (atelier_bot)"}
OFFERED: dict[str, Fact] = {
    name: PRODUCT[name] for name in ("name", "price", "from", "stock", "available", "quantity", "delivery")
} | {"elsewhere": "", "options": ["couleur", "taille"]}
STATUSES = ("created", "paid", "fulfilled", "returned", "canceled")
SUPPORT: dict[str, Fact] = {"support": "bonjour@example.com"}

ANSWERED: dict[str, Fact] = SUPPORT | {
    "topics": ["delivery", "returns", "payment", "hours"],
    "name": "",
    "sent": True,
    "ways": WAYS,
    "returns_days": 30,
    "terms_url": "https://x.example",
}

SAMPLES: Mapping[str, Sequence[Facts]] = {
    "already_canceled": [ORDER | SUPPORT],
    "answer": [
        ANSWERED,
        ANSWERED | {"topics": ["delivery"], "name": "Mug", "ways": [], "returns_days": None, "terms_url": None},
        ANSWERED | {"topics": ["delivery", "returns"], "name": "Carte cadeau", "sent": False, "returns_days": None},
        ANSWERED | {"topics": ["returns", "hours"], "support": "", "returns_days": None},
    ],
    "as_you_like": [{}],
    "ask_quantity": [{"name": "Mug", "most": 10}, {"name": "", "most": 10}],
    "cancel_paid": [ORDER | SUPPORT],
    "cancel_which": [{}],
    "cannot_be_paid": [ORDER | SUPPORT],
    "card_in_chat": [{}],
    "choose_option": [
        {"name": "T-shirt", "quantity": 2, "option": "taille", "gone": ["noir, L"]},
        {"name": "T-shirt", "quantity": 1, "option": "", "gone": []},
    ],
    "choose_product": [{"more": 0}, {"more": 3}],
    "empty_cart": [{}],
    "help": [
        {"example": "Mug", "ways": WAYS, "terms_url": "https://x.example", "privacy_url": "https://x.example"}
        | SUPPORT,
        {"example": "", "ways": [], "terms_url": None, "privacy_url": None, "support": ""},
    ],
    "human": [SUPPORT, {"support": ""}],
    "in_private": [{"name": "Mug", "price": 1800}, {"name": "", "price": None}],
    "link": [
        ORDER | {"minutes": 30, "stock": stock, "available": available, "deliveries": ways}
        for stock, available, ways in (("few", 3, WAYS), ("last", 0, WAYS), (None, None, []), ("in", None, []))
    ],
    "link_again": [ORDER],
    "no_orders": [{}],
    "not_enough": [WANTED],
    "nothing_to_cancel": [{}],
    "one_moment": [{"ref": "C-7Q4K2"}],
    "order_canceled": [ORDER],
    "order_expired": [ORDER],
    "orders": [
        {
            "orders": [
                STATUS | {"status": status} for status in ("created", "paid", "fulfilled", "returned", "canceled")
            ]
        },
        {"orders": [STATUS | {"processing": True}, STATUS | {"refunded": True}]},
    ],
    "payment_failed": [ORDER],
    "payment_processing": [ORDER],
    "picks": [{"why": why} for why in ("novelties", "bestsellers", "cheapest")],
    "product": [
        PRODUCT,
        PRODUCT | {"from": True, "quantity": 1, "stock": "in", "available": None, "delivery": None, "options": []},
        *(PRODUCT | {"stock": stock} for stock in ("out", "last", "limited")),
    ],
    "public_choice": [
        PUBLIC | {"items": [{"name": "Mug bleu", "price": 1800, "from": False}], "more": 0, "every": True},
        PUBLIC
        | {
            "items": [{"name": "Mug", "price": 1800, "from": True}] * 3,
            "more": 2,
            "every": False,
            "wording": 1,
            "elsewhere": "",
        },
    ],
    "public_invite": [PUBLIC | {"wording": way} for way in (0, 7, 24)],
    "public_offer": [
        PUBLIC | OFFERED,
        PUBLIC
        | OFFERED
        | {"who": "", "wording": 1, "from": True, "delivery": None, "available": None, "stock": "in", "options": []},
        *(PUBLIC | OFFERED | {"stock": stock, "wording": 2, "delivery": 0} for stock in ("out", "last", "limited")),
    ],
    "public_open": [PUBLIC | {"wording": way} for way in range(3)],
    "refund_due": [ORDER | {"twice": True}, ORDER | {"twice": False}],
    "refunded": [ORDER | {"refunded": 500, "whole": False}, ORDER | {"refunded": 3600, "whole": True}],
    "called_off": [ORDER],
    "returned": [ORDER],
    "shipped": [ORDER | {"tracking": "6A123"}, ORDER | {"tracking": ""}],
    "sold_out": [WANTED | {"alternatives": 2}, {"name": "Mug", "quantity": 1, "alternatives": []}],
    "stopped": [{}],
    "thanks": [ORDER | {"delivery": 490, "late": False}, ORDER | {"delivery": 0, "late": True}],
    "too_many": [WANTED],
    "too_many_open": [{"most": 3, "orders": [{"ref": "C-7Q4K2", "total": 3600}]}, {"most": 3, "orders": []}],
    "too_much": [SUPPORT],
    "unknown": [SUPPORT],
    "unknown_ref": [{"ref": "C-ZZZZZ"}],
    "welcome": [{"name": "Zoë"}, {"name": ""}],
    "window": [
        {"items": [{"name": "Mug", "price": 1800, "from": True}], "page": 1, "pages": 3, "category": "Vaisselle"},
        {"items": [], "page": 1, "pages": 1, "category": ""},
    ],
    "you_are_welcome": [{}],
}
"""Message -> facts, one for each way that its template may turn."""

LABELS: Facts = {
    "quantity": 2,
    "total": 3600,
    "ref": "C-7Q4K2",
    "name": "Mug bleu",
    "price": 1800,
    "language": "fr",
}
"""What any button's words may speak of."""
