"""What a request of Anthropic's Messages API must look like: a hand-written part of the published schema."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator, model_validator


class _Loose(BaseModel):
    """Known fields are checked, others kept: the published schema grows all the time."""

    model_config = ConfigDict(extra="allow", frozen=True)


class TextBlock(_Loose):
    type: Literal["text"]
    text: str


class ToolUseBlock(_Loose):
    type: Literal["tool_use"]
    id: str = Field(pattern=r"^[a-zA-Z0-9_-]+$")
    name: str
    input: dict[str, JsonValue]


class ToolResultBlock(_Loose):
    type: Literal["tool_result"]
    tool_use_id: str
    content: str | tuple[_Loose, ...] = ""
    is_error: bool = False


class ThinkingBlock(_Loose):
    type: Literal["thinking"]
    thinking: str
    signature: str


class OtherBlock(_Loose):
    type: Literal[
        "image", "document", "redacted_thinking", "search_result", "server_tool_use", "web_search_tool_result",
        "container_upload",
    ]  # fmt: skip


Block = Annotated[TextBlock | ToolUseBlock | ToolResultBlock | ThinkingBlock | OtherBlock, Field(discriminator="type")]


class Message(_Loose):
    role: Literal["user", "assistant", "system"]  # the CLI puts reminders between turns as "system"
    content: str | tuple[Block, ...]

    @property
    def blocks(self) -> tuple[Block, ...]:
        return self.content if isinstance(self.content, tuple) else (TextBlock(type="text", text=self.content),)

    @property
    def text(self) -> str:
        return "\n".join(_texts(self.blocks))


class Tool(_Loose):
    name: str


class MessagesRequest(_Loose):
    """The part of the published request schema that a client of ours can get wrong."""

    model: str
    max_tokens: int = Field(ge=1)
    messages: tuple[Message, ...] = Field(min_length=1)
    stream: bool = False
    system: str | tuple[TextBlock, ...] = ""
    tools: tuple[Tool, ...] = ()
    tool_choice: dict[str, JsonValue] | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop_sequences: tuple[str, ...] = ()
    metadata: dict[str, JsonValue] | None = None
    thinking: dict[str, JsonValue] | None = None
    service_tier: str | None = None
    container: JsonValue = None
    context_management: dict[str, JsonValue] | None = None
    mcp_servers: tuple[dict[str, JsonValue], ...] = ()
    output_config: dict[str, JsonValue] | None = None
    output_format: dict[str, JsonValue] | None = None

    @field_validator("messages")
    @classmethod
    def _starts_with_user(cls, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        if messages[0].role == "assistant":
            raise ValueError("first message must use the user role")
        return messages

    @model_validator(mode="after")
    def _tools_are_answered(self) -> Self:
        spoken = [message for message in self.messages if message.role != "system"]
        for number, message in enumerate(spoken):
            called = {block.id for block in message.blocks if isinstance(block, ToolUseBlock)}
            following = spoken[number + 1].blocks if number + 1 < len(spoken) else ()
            missing = called - {block.tool_use_id for block in following if isinstance(block, ToolResultBlock)}
            if missing:
                raise ValueError(f"`tool_use` ids without `tool_result` blocks after: {', '.join(sorted(missing))}")
        return self

    @property
    def unknown_fields(self) -> tuple[str, ...]:
        return tuple(sorted(self.model_extra or {}))

    @property
    def last_user_text(self) -> str:
        return next((message.text for message in reversed(self.messages) if message.role == "user"), "")

    @property
    def user_text(self) -> str:
        return "\n".join(message.text for message in self.messages if message.role == "user")

    @property
    def is_side_call(self) -> bool:
        """Titles and quota probes offer no tools, or ask for one token."""
        return not self.tools or self.max_tokens <= 1


def _texts(blocks: tuple[BaseModel, ...]) -> Iterator[str]:
    for block in blocks:
        if isinstance(block, ToolResultBlock):
            yield from [block.content] if isinstance(block.content, str) else _texts(block.content)
        else:
            text = getattr(block, "text", None)
            if isinstance(text, str):
                yield text


def first_error(error: ValidationError) -> str:
    """The first problem in the API's words: `max_tokens: Field required`."""
    problem = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in problem["loc"])
    message = problem["msg"].removeprefix("Value error, ")
    return f"{place}: {message}" if place else message
