"""What Slack documents of blocks and their limits (https://docs.slack.dev/reference/block-kit/blocks)."""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
MOST_BLOCKS = 50
_TEXT = {"section": 3000, "header": 150}
_MARKUP = ("<!channel>", "<!here>", "<!everyone>")


def faults(blocks: object, text: str | None, most: int = MOST_BLOCKS) -> list[str]:
    """Everything that Slack would refuse, and words that would call everybody."""
    found = [f"text calls everybody: {mark}" for mark in _MARKUP if text and mark in text]
    if not isinstance(blocks, list):
        return [*found, "blocks: not a list"]
    if len(blocks) > most:
        found.append(f"blocks: {len(blocks)} are more than {most}")
    ids = [block.get("block_id") for block in blocks if block.get("block_id")]
    if len(set(ids)) != len(ids):
        found.append("blocks: two have one block_id")
    for index, block in enumerate(blocks):
        found += [f"blocks[{index}]: {fault}" for fault in _block(block)]
    return found


def _block(block: Json) -> Iterator[str]:
    kind = block.get("type")
    if len(str(block.get("block_id", ""))) > 255:
        yield "block_id is longer than 255"
    match kind:
        case "section":
            if "text" not in block and "fields" not in block:
                yield "a section needs text or fields"
            yield from _text(block.get("text"), _TEXT["section"])
            if "accessory" in block:
                yield from _element(block["accessory"])
        case "header":
            if block.get("text", {}).get("type") != "plain_text":
                yield "a header's text must be plain_text"
            yield from _text(block.get("text"), _TEXT["header"])
        case "context":
            elements = block.get("elements", [])
            if not 1 <= len(elements) <= 10:
                yield "a context has 1 to 10 elements"
            for element in elements:
                yield from _text(element, 2000)
        case "actions":
            if not 1 <= len(block.get("elements", [])) <= 25:
                yield "actions have 1 to 25 elements"
            for element in block.get("elements", []):
                yield from _element(element)
                if element.get("type") in ("multi_static_select", "plain_text_input"):
                    yield f"a {element['type']} does not stand among actions"
            ids = [element.get("action_id") for element in block.get("elements", []) if element.get("action_id")]
            if len(set(ids)) != len(ids):
                yield "two elements have one action_id"
        case "input":
            yield from plain(block.get("label"), 2000)
            if "hint" in block:
                yield from plain(block["hint"], 2000)
            yield from _element(block.get("element", {}))
            if block.get("element", {}).get("type") not in _INPUTS:
                yield "not an element of an input"
        case "divider":
            return
        case _:
            yield f"unknown type {kind!r}"


_INPUTS = ("plain_text_input", "static_select", "multi_static_select", "checkboxes", "radio_buttons")


def _text(text: object, most: int) -> Iterator[str]:
    if text is None:
        return
    if not isinstance(text, dict) or text.get("type") not in ("mrkdwn", "plain_text"):
        yield "text must be a text object"
        return
    content = text.get("text", "")
    if not 1 <= len(content) <= most:
        yield f"a text of {len(content)} characters; 1 to {most} are allowed"
    yield from (f"calls everybody: {mark}" for mark in _MARKUP if mark in content)


def plain(text: object, most: int) -> Iterator[str]:
    """Faults of a text that takes no markup."""
    if not isinstance(text, dict) or text.get("type") != "plain_text":
        yield "a text must be plain_text here"
        return
    yield from _text(text, most)


def _element(element: Json) -> Iterator[str]:
    if len(str(element.get("action_id", ""))) > 255:
        yield "action_id is longer than 255"
    if "confirm" in element:
        yield from _confirm(element["confirm"])
    if "placeholder" in element:
        yield from plain(element["placeholder"], 150)
    match element.get("type"):
        case "button":
            yield from plain(element.get("text"), 75)
            if len(element.get("value", "")) > 2000:
                yield "a button's value is longer than 2000"
            if element.get("style", "primary") not in ("primary", "danger"):
                yield f"unknown style {element['style']!r}"
        case "static_select" | "multi_static_select":
            yield from _options(element, 100, only_plain=True)
        case "checkboxes" | "radio_buttons":
            yield from _options(element, 10, only_plain=False)
        case "plain_text_input":
            if not 0 <= int(element.get("max_length", 3000)) <= 3000:
                yield "max_length is at most 3000"
        case kind:
            yield f"unknown element {kind!r}"


def _confirm(confirm: Json) -> Iterator[str]:
    """https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object"""
    for name, most in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
        yield from (f"confirm.{name}: {fault}" for fault in plain(confirm.get(name), most))
    if confirm.get("style", "primary") not in ("primary", "danger"):
        yield f"unknown style {confirm['style']!r}"


def _options(element: Json, most: int, *, only_plain: bool) -> Iterator[str]:
    """`initial_option` and `initial_options` must be exactly such as stand among the options."""
    options = element.get("options", [])
    if not 1 <= len(options) <= most:
        yield f"{len(options)} options; 1 to {most} are allowed"
    for option in options:
        yield from (plain if only_plain else _text)(option.get("text"), 75)
        if "description" in option:
            yield from (plain if only_plain else _text)(option["description"], 75)
        if not 1 <= len(option.get("value", "")) <= 150:
            yield "an option's value has 1 to 150 characters"
    first = [element["initial_option"]] if "initial_option" in element else element.get("initial_options", [])
    yield from (f"{option} is not among the options" for option in first if option not in options)
