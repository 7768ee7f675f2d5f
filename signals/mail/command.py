"""Whether a mail is a command rather than a prompt (spec: email §6, §7)."""

from airut.models.threads.command import EMPTY, CommandName, CommandWord, read_word
from signals.mail.hints import HintedText
from signals.mail.parse import ParsedMail
from signals.routing import MailReferences, goes_on

_MARKUP = "*_~`# \n"
"""What Markdown puts around a word that was written bold, as code or as a heading."""


def said(words: str) -> CommandWord:
    """What is answered to a mail that is not taken. Begins a sentence."""
    return CommandWord(name=CommandName.HELP, said=f"{words[0].upper()}{words[1:]}.")


def mail_command(parsed: ParsedMail, hinted: HintedText, references: MailReferences) -> CommandWord | None:
    """The command, or None for a prompt. A mail without words and files is one too, and is answered as empty: unless
    it opens a conversation, where its subject is enough.

    Only intake sees that nothing was written, and only the thread knows what it is; which of the two a mail is that
    has no reference and no subject either makes no difference: nothing can be done for it.
    """
    if parsed.obstacle is not None and parsed.unreadable:
        return said(f"nothing was done with your mail: {parsed.obstacle}")
    if hinted.text != parsed.body.cut:
        return None  # a mail that begins with `model: opus` says more than one word
    text = parsed.body.own.strip(_MARKUP)
    if text:
        return read_word(text, parsed.attached)
    nothing = not hinted.text and not parsed.attached
    return EMPTY if nothing and (goes_on(references) or not references.subject.strip()) else None
