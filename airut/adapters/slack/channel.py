"""The output half of the Slack channel (spec: slack §7, §10, §11)."""

import logging
from collections.abc import Sequence
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from airut.adapters.slack.candidates import SlackCandidates
from airut.adapters.slack.directory import WebDirectory
from airut.adapters.slack.feedback import SlackFeedback
from airut.adapters.slack.lost_place import LostPlace
from airut.adapters.slack.posts import REPLY_FILE, SlackAnswer, SlackPost, answer
from airut.adapters.slack.questions import question_answer, settled_post
from airut.adapters.slack.text.inline import escaped
from airut.adapters.slack.thread_posts import posted_since
from airut.adapters.slack.uploads import Upload, uploaded
from airut.adapters.slack.web.failures import AWAY, PLACE_GONE, UNREADABLE, code, delivery_error
from airut.errors import BlobError, DeliveryDeferred, DeliveryRefused
from airut.models.questions.asked import Asked, QuestionEnd
from airut.models.slack.settings import SlackRule
from airut.models.tasks.reply import Delivery, Outbound
from airut.models.threads.message import SlackRoute
from airut.ports.blobs import BlobStore
from airut.ports.slack import SlackAway

NOT_CHANGED = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
"""What we have posted can be deleted, and a workspace can keep us from changing it."""

Json = dict[str, Any]
logger = logging.getLogger(__name__)


class SlackAnswers:
    """Implements `airut.ports.channel.Channel`. What of an answer has been posted already is found by its key, and not
    posted again."""

    def __init__(
        self, web: AsyncWebClient, directory: WebDirectory, blobs: BlobStore, authorized: Sequence[SlackRule] = ()
    ) -> None:
        """An answer may call those whom `authorized` lets in by their group."""
        self._web = web
        self._candidates = SlackCandidates(directory, authorized)
        self._lost_place = LostPlace(web)
        self._feedback = SlackFeedback(web)
        self._directory = directory
        self._blobs = blobs

    async def send(self, outbound: Outbound) -> Delivery:
        routes = [route for route in outbound.routes if isinstance(route, SlackRoute)]
        if not routes:
            raise DeliveryRefused("the thread has no message from Slack to answer")
        if outbound.private:
            last = routes[-1]
            await self._feedback.whisper(last.channel, last.user, outbound.markdown, last.thread_ts)
            return Delivery(message_id=f"{last.channel}/{outbound.key}")
        files, notes = await self._files(outbound)
        authors = (*(route.user for route in routes), *outbound.participants)
        asked = outbound.asked
        mentions = await self._candidates.of(asked.lead if asked else outbound.markdown, authors)
        made = question_answer(outbound, asked, mentions) if asked else answer(outbound, mentions, notes)
        if made.whole is not None:
            files.append(Upload(name=REPLY_FILE, content=made.whole))
        try:
            message_id = await self._post_all(routes[-1], outbound, made, files)
        except SlackAway as error:
            raise DeliveryDeferred(f"Slack did not take the answer: {error}", error.after) from None
        except AWAY as error:
            if (why := code(error)) in PLACE_GONE:
                await self._lost_place.tell(outbound, routes[-1], why)
            raise delivery_error(error) from None
        return Delivery(message_id=message_id, notes=notes)

    async def _post_all(self, route: SlackRoute, outbound: Outbound, made: SlackAnswer, files: Sequence[Upload]) -> str:
        there: list[Json] = []
        if outbound.again:  # else nothing is there yet, and Slack lets threads be read fifty times a minute
            there = await posted_since(self._web, self._directory, route.channel, route.thread_ts, outbound.at)
        stand: list[Json] = []
        for post in made.posts:
            found = next((message for message in there if post.is_at(message)), None)
            stand.append(found or await self._post(route, post))
        if made.whole is None and not all(message.get("blocks") for message in stand):
            files = [*files, Upload(name=REPLY_FILE, content=outbound.markdown.encode())]
        refused = [await uploaded(self._web, file, route.channel, route.thread_ts, there) for file in files]
        if missing := "\n".join(why for why in refused if why):
            told_of = SlackPost(key=f"{outbound.key}/files", text=missing, sections=(escaped(missing),))
            if not any(told_of.is_at(message) for message in there):
                await self._post(route, told_of)
        return f"{route.channel}/{stand[-1]['ts']}"

    async def settle(self, asked: Asked, end: QuestionEnd) -> None:
        """Implements `airut.ports.asked.AskedQuestions`."""
        routes = [route for route in asked.routes if isinstance(route, SlackRoute)]
        if not routes:
            return
        authors = (*(route.user for route in routes), *asked.participants)
        post = settled_post(asked, end, await self._candidates.of(asked.lead, authors))
        try:
            there = await posted_since(self._web, self._directory, routes[-1].channel, routes[-1].thread_ts, asked.at)
            for message in there:
                if post.is_at(message):
                    await self._web.chat_update(
                        channel=routes[-1].channel,
                        ts=message["ts"],
                        text=post.text,
                        blocks=post.blocks(),
                        metadata=post.metadata(),
                    )
        except SlackAway as error:
            raise DeliveryDeferred(f"Slack does not show that a question is over: {error}", error.after) from None
        except AWAY as error:
            if code(error) in NOT_CHANGED:
                logger.info("a question that is over stays as it is: %s", code(error))
                return
            raise delivery_error(error) from None

    async def _post(self, route: SlackRoute, post: SlackPost) -> Json:
        """The message as it stands there: without blocks where Slack did not take ours."""
        try:
            return await self._say(route, post, post.text, post.blocks())
        except AWAY as error:
            if code(error) not in UNREADABLE:
                raise
        logger.warning("Slack refused the blocks of %s; it goes out as plain text", post.key)
        return await self._say(route, post, post.words, None)

    async def _say(self, route: SlackRoute, post: SlackPost, text: str, blocks: list[Json] | None) -> Json:
        said = await self._web.chat_postMessage(
            channel=route.channel,
            thread_ts=route.thread_ts,
            text=text,
            blocks=blocks,
            metadata=post.metadata(),
            unfurl_links=False,
            unfurl_media=False,
        )
        return {"ts": str(said["ts"]), "blocks": blocks}

    async def _files(self, outbound: Outbound) -> tuple[list[Upload], tuple[str, ...]]:
        files: list[Upload] = []
        notes: list[str] = []
        for attachment in outbound.attachments:
            try:
                files.append(Upload(name=attachment.name, content=await self._blobs.get(attachment.content)))
            except BlobError:
                notes.append(f"Not attached: {attachment.name}, since it cannot be read any more")
        return files, tuple(notes)
