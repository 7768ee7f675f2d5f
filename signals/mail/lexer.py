"""Lexical tokens that RFC 5322 §3.2 and RFC 8601 §2.2 share: white space, nested comments, quoted strings."""

import re

_WHITE = re.compile(r"(?:\r?\n[ \t]|[ \t])+")
MAX_COMMENT_DEPTH = 100
"""Deeper comments occur in attacks only."""


class LexError(ValueError):
    """The text does not follow the grammar."""


class Lexer:
    """A cursor over a field's value. Every method either advances or leaves the cursor where it was."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    @property
    def at_end(self) -> bool:
        return self.position >= len(self.text)

    def peek(self) -> str:
        """The next character, or the empty string at the end."""
        return self.text[self.position : self.position + 1]

    def accept(self, character: str) -> bool:
        if self.peek() != character:
            return False
        self.position += 1
        return True

    def expect(self, character: str) -> None:
        """Raises LexError unless this character comes next."""
        if not self.accept(character):
            raise LexError(f"expected {character!r} at {self.position}")

    def match(self, pattern: re.Pattern[str]) -> str:
        """Take what the pattern matches here; the empty string when it does not."""
        found = pattern.match(self.text, self.position)
        if found is None:
            return ""
        self.position = found.end()
        return found[0]

    def skip_cfws(self) -> bool:
        """Skip comments and folding white space (RFC 5322 §3.2.2); True when there was any.

        Raises:
            LexError: a comment does not end.
        """
        start = self.position
        while self.match(_WHITE) or self._skip_comment():
            pass
        return self.position > start

    def quoted_string(self) -> str | None:
        """Take a quoted string (RFC 5322 §3.2.4) and return its content; None when none comes.

        Raises:
            LexError: it does not end.
        """
        if not self.accept('"'):
            return None
        content: list[str] = []
        while not self.at_end:
            character = self._next()
            if character == '"':
                return "".join(content)
            if character == "\\":
                character = self._next()
            if character not in "\r\n":  # unfolding: only the line break goes (RFC 5322 §3.2.4)
                content.append(character)
        raise LexError("quoted string does not end")

    def _next(self) -> str:
        if self.at_end:
            raise LexError("text ends in the middle of a token")
        character = self.text[self.position]
        self.position += 1
        return character

    def _skip_comment(self) -> bool:
        if not self.accept("("):
            return False
        depth = 1
        while depth:
            character = self._next()
            if character == "\\":
                self._next()
            elif character == "(":
                depth += 1
            elif character == ")":
                depth -= 1
            if depth > MAX_COMMENT_DEPTH:
                raise LexError("comments are nested too deeply")
        return True
