"""The posts of this X: written, answered, quoted, edited, reposted and deleted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.sandbox.wire import Json
from bot.sandbox.x.ids import iso, seconds
from bot.sandbox.x.people import People, User
from bot.sandbox.x.texts import Span, composed, handles, short_for, shortened, spans
from bot.sandbox.x.weights import LONGEST_POST, weighted_length

KEPT = 20_000
"""Posts remembered; the oldest are forgotten beyond."""
SITE = "https://x.com"
EDITABLE = 3600.0
MOST_EDITS = 5
SHOWN_OF_LONG = 270
"""Characters of a subscriber's long post that stand in `text`; the whole is its note."""


@dataclass(slots=True)
class Post:
    """One post. `said` is what its author typed, `text` what X made of it, `shown_from` and `shown_to` the part of
    `text` that people see: X puts the names of those answered before it and a quoted post's address behind it."""

    id: int
    author: User
    said: str
    text: str
    shown_from: int
    shown_to: int
    entities: Json
    reply_to: int | None = None
    reply_to_user: int | None = None
    quote: int | None = None
    repost: int | None = None
    conversation: int = 0
    history: tuple[int, ...] = ()
    media: tuple[str, ...] = ()
    note: str | None = None
    deep_link: str | None = None
    replaced: bool = False
    deleted: bool = False

    @property
    def at(self) -> float:
        """When it was written, in seconds since 1970."""
        return seconds(self.id)

    def names(self, user: User, *, explicitly: bool = False) -> bool:
        """Whether it mentions `user`; `explicitly`: by their own hand, not by X's names before an answer."""
        return any(
            it["id"] == str(user.id) and (not explicitly or it["start"] >= self.shown_from)
            for it in self.entities.get("mentions", ())
        )

    def references(self) -> list[Json]:
        """The posts it points at."""
        pointed = (("retweeted", self.repost), ("quoted", self.quote), ("replied_to", self.reply_to))
        return [{"type": kind, "id": str(target)} for kind, target in pointed if target is not None]

    def wire(self) -> Json:
        """Every field that X may show of it, in the words of `tweet.fields`."""
        shown: Json = {
            "id": str(self.id),
            "text": self.text,
            "edit_history_tweet_ids": [str(one) for one in self.history],
            "author_id": str(self.author.id),
            "conversation_id": str(self.conversation),
            "created_at": iso(self.at),
            "display_text_range": [self.shown_from, self.shown_to],
            "edit_controls": {
                "edits_remaining": MOST_EDITS - len(self.history) + 1,
                "is_edit_eligible": self.reply_to is None and self.repost is None,
                "editable_until": iso(seconds(self.history[0]) + EDITABLE),
            },
            "lang": "und",
            "paid_partnership": False,
            "possibly_sensitive": False,
            "reply_settings": "everyone",
            "public_metrics": dict.fromkeys(
                ("retweet_count", "reply_count", "like_count", "quote_count", "bookmark_count", "impression_count"), 0
            ),
        }
        if self.entities:
            shown["entities"] = self.entities
        if self.reply_to_user is not None:
            shown["in_reply_to_user_id"] = str(self.reply_to_user)
        if references := self.references():
            shown["referenced_tweets"] = references
        if self.note is not None:
            shown["note_tweet"] = {"text": self.note}
        if self.media:
            shown["attachments"] = {"media_keys": list(self.media)}
        return shown


class Posts:
    """Every post, by id."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._by_id: dict[int, Post] = {}

    def __iter__(self) -> Iterator[Post]:
        """Oldest first."""
        return iter([self._by_id[number] for number in sorted(self._by_id)])

    def get(self, number: int) -> Post | None:
        """A post, deleted ones too."""
        return self._by_id.get(number)

    def versions(self, post: Post) -> list[Post]:
        """All versions of an edited post, oldest first."""
        return [it for it in self if it.history[0] == post.history[0]]

    def delete(self, post: Post) -> None:
        """Take a post away, with all its versions."""
        for version in self.versions(post):
            version.deleted = True

    def edit(self, number: int, old: Post, said: str) -> Post:
        """A new version of a post under the id `number`."""
        answered = None if old.reply_to is None else self.get(old.reply_to)
        quoted = None if old.quote is None else self.get(old.quote)
        new = self.write(number, old.author, said, reply_to=answered, quote=quoted, media=old.media)
        versions = self.versions(old)
        new.history = (*versions[-1].history, number)
        for version in versions:
            version.replaced, version.history = True, new.history
        new.conversation = old.conversation
        return new

    def write(
        self,
        number: int,
        author: User,
        said: str,
        *,
        reply_to: Post | None = None,
        quote: Post | None = None,
        media: tuple[str, ...] = (),
        without: frozenset[int] = frozenset(),
    ) -> Post:
        """Keep a new post under the id `number`; the users `without` are not named before an answer."""
        said = composed(said)
        lead = "" if reply_to is None else self.lead(author, reply_to, said, without)
        note = said if weighted_length(said) > LONGEST_POST else None
        text, addresses = shortened(said if note is None else f"{said[:SHOWN_OF_LONG]}…")
        text = lead + text
        urls = [_url(len(lead) + start, len(lead) + end, short, long) for start, end, short, long in addresses]
        shown_to = len(text)
        if quote is not None:
            address = f"{SITE}/{quote.author.handle}/status/{quote.id}"
            begins = len(text) + 1 if text else 0
            text = f"{text} {short_for(address)}".strip()
            urls.append(_url(begins, len(text), short_for(address), address))
        post = Post(
            number,
            author,
            said,
            text,
            len(lead),
            shown_to,
            self._entities(text, urls),
            reply_to=reply_to.id if reply_to else None,
            reply_to_user=reply_to.author.id if reply_to else None,
            quote=quote.id if quote else None,
            conversation=reply_to.conversation if reply_to else number,
            history=(number,),
            media=media,
            note=note if note is None else lead + note,
        )
        return self.keep(post)

    def keep(self, post: Post) -> Post:
        """Remember a post."""
        self._by_id[post.id] = post
        if len(self._by_id) > KEPT:
            del self._by_id[min(self._by_id)]
        return post

    def lead(self, author: User, answered: Post, said: str, without: frozenset[int] = frozenset()) -> str:
        """The names X puts before an answer: of its author and of those named in it, but not of the one who answers,
        nor of those named by hand at the beginning."""
        named = [answered.author, *(self._people.named(it["username"]) for it in answered.entities.get("mentions", ()))]
        typed = {it.value.lower() for it in _leading(said)}
        chosen = {
            user.id: user.handle
            for user in named
            if user is not None and user is not author and user.id not in without and user.handle.lower() not in typed
        }
        return "".join(f"@{handle} " for handle in chosen.values())

    def _entities(self, text: str, urls: list[Json]) -> Json:
        found: Json = {"urls": urls} if urls else {}
        for span in spans(text):
            at = {"start": span.start, "end": span.end}
            if span.kind == "mention" and (user := self._people.named(span.value)) is not None:
                found.setdefault("mentions", []).append({**at, "username": user.handle, "id": str(user.id)})
            elif span.kind in ("hashtag", "cashtag"):
                found.setdefault(f"{span.kind}s", []).append({**at, "tag": span.value})
        return found

    def repost(self, number: int, author: User, original: Post) -> Post:
        """A repost: its text is the original's with "RT @someone: " before it."""
        text = f"RT @{original.author.handle}: {original.text}"
        entities = self._entities(text, [])
        post = Post(number, author, text, text, 0, len(text), entities, repost=original.id)
        post.conversation, post.history = number, (number,)
        return self.keep(post)


def _leading(said: str) -> list[Span]:
    found: list[Span] = []
    at = 0
    for span in handles(said):
        if said[at : span.start].strip():
            break
        found.append(span)
        at = span.end
    return found


def _url(start: int, end: int, short: str, long: str) -> Json:
    shown = long.partition("://")[2]
    display = shown if len(shown) <= 26 else f"{shown[:25]}…"
    return {"start": start, "end": end, "url": short, "expanded_url": long, "display_url": display}
