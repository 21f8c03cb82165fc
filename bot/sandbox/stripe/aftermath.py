"""What may happen to a payment later: refunds, refunds that bounce, disputes and how they end."""

from __future__ import annotations

from typing import Any

from bot.sandbox.stripe import checks, shapes
from bot.sandbox.stripe.account import Account
from bot.sandbox.stripe.amounts import shown
from bot.sandbox.stripe.events import NO_REQUEST
from bot.sandbox.stripe.refusals import invalid, missing, refused
from bot.sandbox.wire import Json

OPEN = ("needs_response", "under_review", "warning_needs_response", "warning_under_review")
TAKEN = ("needs_response", "under_review", "lost")
"""Dispute statuses in which the bank, for now or for good, has the money."""


def create_refund(account: Account, params: Json, request: Json) -> Json:
    """POST /v1/refunds: of all that is left unless an amount is given. Raises StripeRefusal."""
    given = checks.check(checks.CREATE_REFUND, params)
    charge = _charge_to_refund(account, given)
    return refund(
        account,
        charge,
        given.get("amount"),
        reason=given.get("reason"),
        metadata=given.get("metadata"),
        request=request,
    )


def refund(
    account: Account,
    charge: Json,
    amount: int | None = None,
    *,
    reason: str | None = None,
    metadata: Any = None,
    request: Json = NO_REQUEST,
) -> Json:
    """Give money back. Raises StripeRefusal: nothing left, too much, not paid, or in dispute."""
    left = charge["amount_captured"] - charge["amount_refunded"]
    amount = left if amount is None else amount
    _check_refund(charge, amount, left, contested=_contest(account, charge, *TAKEN) is not None)
    made = shapes.refund(
        account.name("re_3"),
        charge,
        amount=amount,
        created=int(account.now()),
        reason=reason,
        metadata=dict(metadata or {}),
    )
    account.refunds[made["id"]] = made
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    account.events.tell([("charge.refunded", charge), ("refund.created", made), ("refund.updated", made)], request)
    return made


def bounce(account: Account, name: str) -> Json:
    """A refund comes back from the bank: the money is the merchant's again. Raises StripeRefusal."""
    made = account.refunds.get(name)
    if made is None:
        raise missing("refund", name)
    if made["status"] == "failed":
        raise refused("This refund has failed already.")
    made |= {"status": "failed", "failure_reason": "lost_or_stolen_card"}
    charge = account.charges[made["charge"]]
    charge["amount_refunded"] -= made["amount"]
    charge["refunded"] = False
    account.events.tell([("refund.failed", made), ("refund.updated", made), ("charge.refund.updated", made)])
    return made


def open_dispute(account: Account, charge: Json, *, reason: str = "fraudulent", inquiry: bool = False) -> Json:
    """The bank takes the money back for now, or with `inquiry` only asks. Raises StripeRefusal."""
    if not charge["paid"]:
        raise refused("Only a charge that was paid can be disputed.")
    if _contest(account, charge, *OPEN, "lost") is not None:
        raise refused("This charge is in dispute already.")
    status = "warning_needs_response" if inquiry else "needs_response"
    made = shapes.dispute(account.name("du_1"), charge, created=int(account.now()), reason=reason, status=status)
    account.disputes[made["id"]] = made
    charge["disputed"] = True
    happenings = [("charge.dispute.created", made)]
    if not inquiry:
        happenings.append(("charge.dispute.funds_withdrawn", made))
    account.events.tell(happenings)
    return made


def close_dispute(account: Account, charge: Json, *, won: bool) -> Json:
    """The bank decides. Raises StripeRefusal where there is nothing to decide."""
    made = _contest(account, charge, *OPEN)
    if made is None:
        raise refused("This charge has no open dispute.")
    inquiry = made["status"].startswith("warning")
    made["status"] = "warning_closed" if inquiry else ("won" if won else "lost")
    happenings = [("charge.dispute.closed", made)]
    if won and not inquiry:
        happenings.append(("charge.dispute.funds_reinstated", made))
    account.events.tell(happenings)
    return made


def charge_of(account: Account, name: str) -> Json:
    """The charge of that id, or the latest of that payment intent. Raises StripeRefusal (404)."""
    intent = account.intents.get(name)
    charge = account.charges.get(name if intent is None else intent["latest_charge"] or "")
    if charge is None:
        raise missing("payment_intent" if name.startswith("pi_") else "charge", name)
    return charge


def _charge_to_refund(account: Account, given: Json) -> Json:
    if name := given.get("charge"):
        charge = account.charges.get(name)
        if charge is None:
            raise missing("charge", name, param="charge", status=400)
        return charge
    if not (name := given.get("payment_intent")):
        raise invalid("One of the following params should be provided for this request: payment_intent or charge.")
    intent = account.intents.get(name)
    if intent is None:
        raise missing("payment_intent", name, param="payment_intent", status=400)
    charge = account.charges.get(intent["latest_charge"] or "")
    if charge is None:
        raise refused(f"This PaymentIntent ({name}) does not have a successful charge to refund.", "payment_intent")
    return charge


def _contest(account: Account, charge: Json, *statuses: str) -> Json | None:
    """The charge's dispute in one of these statuses."""
    return next(
        (one for one in account.disputes.values() if one["charge"] == charge["id"] and one["status"] in statuses),
        None,
    )


def _check_refund(charge: Json, amount: int, left: int, *, contested: bool) -> None:
    currency = charge["currency"]
    if not charge["paid"]:
        raise refused(f"Charge {charge['id']} has not been paid and cannot be refunded.", "charge")
    if contested:
        raise refused(f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed")
    if left == 0:
        raise refused(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if amount < 1:
        raise invalid("This value must be greater than or equal to 1.", "amount", code="parameter_invalid_integer")
    if amount > left:
        raise refused(
            f"Refund amount ({shown(amount, currency)} {currency}) is greater than unrefunded amount on charge "
            f"({shown(left, currency)} {currency})",
            "amount",
        )
