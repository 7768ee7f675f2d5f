"""From an answer to the bytes of a mail (spec: email §9). Pure: the same input gives the same bytes."""

from airut.adapters.mail_render.message import RenderedMail, Sender, own_message_id, render

__all__ = ["RenderedMail", "Sender", "own_message_id", "render"]
