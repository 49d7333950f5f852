"""The socket of a training job's page: what is new of the job, at most twice a second. Holds no rules."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from channels.db import database_sync_to_async
from django.contrib.auth import get_user_model
from django.db import Error as DatabaseError
from django.utils.translation import override

from geogame.live.closing import NOT_FOUND, TOO_OFTEN
from geogame.live.hub import News
from geogame.live.language import language_of
from geogame.live.pace import comes_too_often
from geogame.live.socket import LiveSocket
from geogame.training.broadcast import group_name
from geogame.training.live import NOWHERE, curves, job_state
from geogame.training.models import TrainingJob

log = logging.getLogger(__name__)
LOOK_S = 2.0
"""Looks for what the message server lost."""
REST_S = 0.5
CHANGED = News({"type": "training.changed"})


class TrainingConsumer(LiveSocket):
    most_unread = 1
    """However often it changed: what it is now is read when it is told."""
    looking: asyncio.Task[None] | None = None

    # --- Coming and going ------------------------------------------------------------------------------
    async def connect(self) -> None:
        self.token: str = self.scope["url_route"]["kwargs"]["token"]
        self.version = -1
        self.known = NOWHERE
        await self.accept()
        if await database_sync_to_async(comes_too_often)(self.scope):
            await self.hang_up(TOO_OFTEN)
            return
        async with self.floor:
            # Join before the first look: what happens between the two would be lost.
            if await self.listen(group_name(self.token)) and await self._tell_what_is_new():
                self.looking = asyncio.ensure_future(self._look_now_and_then())

    async def go(self) -> None:
        if self.looking:
            self.looking.cancel()
        await super().go()

    async def _look_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            self.hear(CHANGED)

    # --- From the client -------------------------------------------------------------------------------
    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any
    ) -> None:
        if not self.is_hung_up and await self.pace.may_speak(refuse=self._refuse, hang_up=self.hang_up):
            await self._refuse("unknown-type", "This socket takes no messages.")

    async def _refuse(self, code: str, message: str) -> None:
        await self.send_frame({"type": "error", "code": code, "message": message})

    # --- From the job ----------------------------------------------------------------------------------
    async def tell_of(self, news: News) -> None:
        try:
            await self._tell_what_is_new()
        except DatabaseError as error:
            log.error("The database does not answer, trying again: %s", error)
        await asyncio.sleep(REST_S)

    async def _tell_what_is_new(self) -> bool:
        """False, and it hangs up, where there is nothing for this person any more."""
        frames = await self._frames()
        if frames is None:
            await self.hang_up(NOT_FOUND)
            return False
        for frame in frames:
            await self.send_frame(frame)
        return True

    @database_sync_to_async
    def _frames(self) -> list[dict[str, Any]] | None:
        job = TrainingJob.objects.select_related("model_version").filter(token=self.token).first()
        if job is None or not self._may_view():
            return None
        if job.version == self.version:
            return []
        self.version = job.version
        with override(language_of(self.scope)):
            frames = [{"type": "job", "version": job.version, "state": job_state(job)}]
        new = curves(job, self.known)
        if new["steps"] or new["epochs"] or new["run"] != self.known.run:
            frames.append({"type": "curve", **new})
            self.known = self.known.joined(new)
        return frames

    def _may_view(self) -> bool:
        """Asked each time: a page may stay open for days."""
        user = (
            get_user_model().objects.filter(pk=self.scope["user"].pk, is_active=True, is_staff=True).first()
        )
        return user is not None and user.has_perm("training.view_trainingjob")
