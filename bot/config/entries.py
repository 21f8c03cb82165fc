"""What is sold and how it is sent, as a merchant writes it; and the file as a whole."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field, WithJsonSchema

from bot.config.addresses import PostAddress
from bot.config.amounts import Days, Fee, Price, Stock, Switch
from bot.config.pictures import Picture
from bot.config.regions import Country, IntentName, Language
from bot.config.sections import Channels, Delivery, Orders, Payments, Reconcile, Several, Shop, Storage, Web, Written
from bot.config.texts import LONGEST_PHRASE, Name, Paragraph, Phrase, Sku
from bot.domain.catalogue import Kind, Restock
from bot.domain.understanding import Intent

Phrases = Annotated[tuple[Phrase, ...], Several]
_WORDS = {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": LONGEST_PHRASE}}
Keywords = Annotated[
    dict[IntentName, Phrases],
    WithJsonSchema(
        {
            "type": "object",
            "properties": {each.value: {**_WORDS, "description": f"Words that mean {each.value}."} for each in Intent},
            "additionalProperties": False,
        }
    ),
]
MOST_SHIPPING = 5
"""https://docs.stripe.com/api/checkout/sessions/create `shipping_options`: "Up to a maximum of 5"."""


class TranslationEntry(Written):
    """A product's words in another language; what is left out stays as the shop wrote it."""

    name: Name | None = Field(None, examples=["Blue mug"])
    """The product's name in this language."""
    description: Paragraph | None = Field(None, examples=["Hand-thrown stoneware, 30 cl."])
    """The description in this language."""
    keywords: Phrases = Field((), examples=[["mug", "cup"]])
    """Words of this language for the product."""
    options: dict[Name, Name] = Field({}, examples=[{"couleur": "colour", "noir": "black"}])
    """Option names and values in this language."""


class VariantEntry(Written):
    """One size, colour … of a product, with a stock of its own."""

    sku: Sku = Field(examples=["tee-noir-m"])
    """The variant's SKU, unique in the whole shop without regard to case."""
    options: dict[Name, Name] = Field(min_length=1, examples=[{"couleur": "noir", "taille": "M"}])
    """What sets it apart; every variant of a product has the same option names."""
    price: Price | None = Field(None, examples=[Decimal("31.90")])
    """Its price where it is not the product's."""
    stock: Stock = Field("unlimited", examples=[4])
    """How many there are; or unlimited, limited, out, where nothing is counted."""


class ProductEntry(Written):
    """One thing that is sold."""

    sku: Sku = Field(examples=["mug-bleu"])
    """Letters A-Z, digits, dots, hyphens, underscores; unique without regard to case."""
    name: Name = Field(examples=["Mug bleu"])
    """The name as shoppers read it, in the shop's language."""
    price: Price | None = Field(None, examples=[Decimal("18.00")])
    """In the shop's currency, tax included."""
    stock: Stock = Field("unlimited", examples=[25])
    """How many there are; or unlimited, limited, out, where nothing is counted."""
    kind: Kind = Field("physical", examples=["physical"])
    """physical is sent; digital and service are not."""
    description: Paragraph = Field("", examples=["Grès tourné à la main, 30 cl."])
    """A sentence or two."""
    image: Picture | None = Field(None, examples=["images/mug-bleu.jpg"])
    """A .jpg, .png or .webp file beside bot.toml (5 MB at most) or an https address."""
    keywords: Phrases = Field((), examples=[["mug", "tasse"]])
    """Other words that shoppers use for it."""
    category: Name | None = Field(None, examples=["Vaisselle"])
    """The shelf it stands on."""
    new: Switch = Field(False, examples=[True])
    """Whether it is shown to who asks what is new; where no product is, those that stand last."""
    restock: Restock = Field("asked", examples=["asked"])
    """When it is for sale again: asked, where you cancel or take back; always, after a full refund too; never."""
    posts: Annotated[tuple[PostAddress, ...], Several] = Field(
        (), examples=[["https://x.com/atelier_lumiere/status/1234567890"]]
    )
    """Your posts on X that show it; who answers one speaks of this product."""
    variants: Annotated[tuple[VariantEntry, ...], Several] = Field((), examples=[[]])
    """Its sizes, colours …; each is bought and counted by itself."""
    translations: dict[Language, TranslationEntry] = Field({}, examples=[{}])
    """Its words in other languages, by language code."""


class ShippingEntry(Written):
    """One way of delivery that shoppers choose from when they pay."""

    id: Sku = Field(examples=["colissimo"])
    """A short name, unique among the ways of delivery."""
    name: Name = Field(examples=["Colissimo"])
    """The name as shoppers read it."""
    price: Fee = Field(examples=[Decimal("4.90")])
    """What it costs; 0 where it is free."""
    free_from: Price | None = Field(None, examples=[Decimal("60.00")])
    """The order's value from which it costs nothing."""
    countries: Annotated[tuple[Country, ...], Several] = Field((), examples=[["FR"]])
    """Where it goes; without any, everywhere the shop sends parcels."""
    days: Days = Field((), examples=[[2, 4]])
    """How many working days it takes: at least, at most."""


class File(Written):
    """bot.toml describes one shop. Prices are exact decimals, durations are written "500ms", "15s", "30m", "24h"."""

    shop: Shop = Field(examples=[{}])
    orders: Orders = Orders()
    channels: Channels = Channels()
    payments: Payments = Payments()
    shipping: Annotated[tuple[ShippingEntry, ...], Several] = Field((), max_length=MOST_SHIPPING)
    """Ways of delivery; at most five."""
    delivery: Delivery = Delivery()
    reconcile: Reconcile = Reconcile()
    web: Web = Web()
    storage: Storage = Storage()
    keywords: Keywords = Field({}, examples=[{"buy": ["je craque"]}])
    """Words of your shoppers, added to the built-in ones of each intent."""
    products: Annotated[tuple[ProductEntry, ...], Several] = ()
    """What is sold."""
