"""From what was meant to what is done: one entry an intent, one an action of a button."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from bot.domain.actions import Action, Verb
from bot.domain.conversation import aftercare, answers, cart, offers, picks, sales
from bot.domain.conversation.counter import Counter, Decision, Situation
from bot.domain.effects import Button, Fact, Say
from bot.domain.understanding import Intent, Understanding, Wanted

BROWSE = Action(Verb.BROWSE)


def decide(counter: Counter, situation: Situation, meant: Understanding) -> Decision:
    """What the shop does about a message; the shopper's open question is settled or asked anew by it."""
    shopper = situation.shopper
    if shopper.quiet and meant.intent is not Intent.START:
        return Decision()
    decision = _decide(counter, situation, meant)
    return _remembered(situation, decision, _asked(decision, meant.text))


def _remembered(situation: Situation, decision: Decision, question: str) -> Decision:
    """What the next message may refer to: the question that is open, the choices that were offered."""
    kept = decision.shopper or situation.shopper
    buttons = (button for say in decision.says for row in say.buttons for button in row)
    offered = tuple(button.action for button in buttons if button.label == "choice" and button.action is not None)
    asks = bool(question or offered)
    if asks or kept.question or kept.offered:
        kept = replace(kept, question=question, offered=offered, asked_at=situation.now if asks else None)
    return replace(decision, shopper=kept)


def _asked(decision: Decision, text: str) -> str:
    """What the shopper's next words are read together with, "" where nothing is open."""
    asking = (say for say in decision.says if say.message in QUESTIONS and (say.buttons or say.message not in OFFERS))
    return next((_question(say, text) for say in asking), "")


OFFERS = frozenset({"not_enough", "too_many"})
"""What offers fewer; without its button, to who has a cart already, it offers nothing."""
QUESTIONS = frozenset({"choose_product", "choose_option", "ask_quantity", "product", "not_enough", "too_many"})
"""Messages after which a few more words of the shopper complete their sentence."""


def _question(say: Say, text: str) -> str:
    """What the shopper's next words are read together with: their own sentence, or the thing that was just shown."""
    facts = say.facts
    match say.message:
        case "product":
            return str(facts["name"])
        case "not_enough":
            return f"{facts['available']} {facts['name']}"
        case "too_many":
            return f"{facts['most']} {facts['name']}"
        case _:
            return text


def _decide(counter: Counter, situation: Situation, meant: Understanding) -> Decision:  # noqa: C901 - one entry an intent
    rules = counter.rules
    refers = meant.intent in REFERRING and not (meant.lines or meant.candidates or meant.about)
    if refers and (changed := cart.refers(counter, situation, meant)) is not None:
        return changed
    match meant.intent:
        case Intent.BUY:
            return _buy(counter, situation, meant)
        case Intent.ASK:
            return _ask(counter, situation, meant)
        case Intent.SEARCH | Intent.BROWSE:
            return _search(counter, situation, meant)
        case Intent.CART | Intent.CHECKOUT | Intent.YES:
            return aftercare.checkout(situation)
        case Intent.ORDER_STATUS:
            return aftercare.status(situation, meant.text)
        case Intent.CANCEL | Intent.REMOVE:
            if (changed := cart.remove(counter, situation, meant)) is not None:
                return changed
            return aftercare.cancel(counter, situation, meant.text)
        case Intent.RETURN | Intent.HUMAN:
            return Decision((situation.say("human", {"support": rules.support}),))
        case Intent.HELP:
            said = answers.answer(counter, situation, meant) or answers.guide(counter, situation)
            return Decision((said,))
        case Intent.START:
            awake = replace(situation.shopper, quiet=False)
            return Decision((_welcome(situation),), shopper=awake)
        case Intent.GREET:
            return Decision((_welcome(situation),))
        case Intent.THANKS:
            return Decision((situation.say("you_are_welcome"),))
        case Intent.NO:
            return Decision((situation.say("as_you_like", {}, (Button("browse", str(BROWSE)),)),))
        case Intent.STOP:
            return Decision((situation.say("stopped"),), shopper=replace(situation.shopper, quiet=True))
        case Intent.UNKNOWN:
            return Decision((situation.say("unknown", {"support": rules.support}, (Button("browse", str(BROWSE)),)),))
        case _:
            assert_never(meant.intent)


REFERRING = frozenset({Intent.BUY, Intent.UNKNOWN, Intent.NO, Intent.YES, Intent.SEARCH, Intent.ASK, Intent.CANCEL})
"""A message of one of these may speak of what was ordered a moment ago, without naming it."""


def _buy(counter: Counter, situation: Situation, meant: Understanding) -> Decision:
    if (
        meant.lines
        and "correction" in meant.asides
        and (changed := cart.correct(counter, situation, meant)) is not None
    ):
        return changed
    if meant.lines:
        put = sales.buy if meant.asides.isdisjoint({"add", "more"}) else cart.add
        return put(counter, situation, meant.lines)
    named = meant.candidates or meant.about
    if "quantity" in meant.missing:
        name = _name_of(counter, situation, named)
        facts: dict[str, Fact] = {"name": name, "most": counter.rules.max_quantity}
        rows = _quantities(counter, situation, named)
        return Decision((situation.say("ask_quantity", facts, *rows),))
    quantity = meant.quantity or 1
    if "cheapest" in meant.asides:
        return _search(counter, situation, meant)
    if named:
        return Decision((offers.ask_product(counter, situation, named, buying=True, quantity=quantity),))
    return Decision((offers.window(counter, situation, BROWSE),))


def _name_of(counter: Counter, situation: Situation, skus: tuple[str, ...]) -> str:
    products = offers.products_of(counter.catalogue, skus)
    return products[0].named(situation.language) if len(products) == 1 else ""


def _quantities(counter: Counter, situation: Situation, skus: tuple[str, ...]) -> tuple[tuple[Button, ...], ...]:
    """One to three as buttons, where one SKU is meant and only its number is open."""
    if len(skus) != 1 or (variant := counter.catalogue.variant(skus[0])) is None:
        return ()
    stock = situation.stock(variant.sku)
    numbers = [n for n in (1, 2, 3) if n <= counter.rules.max_quantity and stock.has(n)]
    return (
        tuple(
            Button(
                "take",
                str(Action(Verb.BUY, variant.sku, n)),
                facts={"quantity": n, "total": n * variant.unit_minor},
            )
            for n in numbers
        ),
    )


def _ask(counter: Counter, situation: Situation, meant: Understanding) -> Decision:
    if (added := cart.joins(counter, situation, meant)) is not None:
        return added
    named = meant.about or meant.candidates
    products = picks.cheapest_of(offers.products_of(counter.catalogue, named), meant)
    sole = products[0] if len(products) == 1 else None
    if (said := answers.answer(counter, situation, meant, sole)) is not None:
        return Decision((said,))
    if not products:
        return Decision((picks.picks(counter, situation, meant) or answers.guide(counter, situation),))
    if sole is not None:
        return Decision((offers.card(counter, situation, sole, meant.quantity or 1, named),))
    shown = named if "cheapest" not in meant.asides else [product.sku for product in products]
    return Decision((offers.ask_product(counter, situation, shown, buying=False, quantity=1),))


def _search(counter: Counter, situation: Situation, meant: Understanding) -> Decision:
    found = meant.candidates or meant.about
    if not found:
        shown = picks.picks(counter, situation, meant) or offers.window(counter, situation, BROWSE)
        return Decision((shown,))
    return _ask(counter, situation, replace(meant, about=found))


def _welcome(situation: Situation) -> Say:
    return situation.say("welcome", {"name": situation.shopper.name}, (Button("browse", str(BROWSE)),))


def press(counter: Counter, situation: Situation, action: Action) -> Decision:
    """What the shop does when a button is pressed; its message takes the place of the one pressed on."""
    decision = _press(counter, situation, action)
    settled = decision.says or decision.purchase is not None or decision.close is not None
    if not settled:
        return decision
    named = next(
        (f"{say.facts.get('quantity', '')} {say.facts['name']}" for say in decision.says if "name" in say.facts), ""
    )
    return _remembered(situation, decision, _asked(decision, named.strip()))


def _press(counter: Counter, situation: Situation, action: Action) -> Decision:
    match action.verb:
        case Verb.BUY:
            fresh = replace(situation, replaces=None)  # an order is a message of its own, below the choice
            if counter.catalogue.variant(action.subject) is None:
                return Decision((offers.window(counter, fresh, BROWSE),), notice="gone")
            return sales.buy(counter, fresh, [Wanted(action.subject, action.number)])
        case Verb.SHOW:
            product = counter.catalogue.product(action.subject)
            if product is None:
                return Decision(notice="gone")
            return Decision((offers.card(counter, situation, product, action.number),))
        case Verb.NARROW:
            product = counter.catalogue.product(action.subject)
            if product is None:
                return Decision(notice="gone")
            left = offers.narrowed(product, action)
            return Decision((offers.ask_variant(situation, product, left, action.number),))
        case Verb.BROWSE:
            return Decision((offers.window(counter, situation, action),))
        case Verb.CANCEL:
            fresh = replace(situation, replaces=None)
            return aftercare.cancel(counter, fresh, action.subject)
        case Verb.ORDERS:
            return aftercare.status(situation, "")
        case Verb.SPEAK:
            spoken = replace(situation.shopper, language=action.subject, chosen=True)
            return Decision((answers.guide(counter, replace(situation, shopper=spoken)),), shopper=spoken)
        case _:
            assert_never(action.verb)
