"""Stripe: hosted Checkout pages, refunds, signed events."""

from bot.payments.stripe.events import SignedEvents
from bot.payments.stripe.provider import StripeProvider
from bot.payments.stripe.request import CheckoutRequest

__all__ = ["CheckoutRequest", "SignedEvents", "StripeProvider"]
