"""A page's form as a browser would send it."""

from bs4 import BeautifulSoup
from bs4.element import Tag


def fields(page: str, action: str) -> dict[str, str]:
    """All fields of the form with this action, as they are when nobody has touched them."""
    found = BeautifulSoup(page, "html.parser").find("form", attrs={"action": action, "method": "post"})
    assert isinstance(found, Tag), f"no form with action {action}"
    sent: dict[str, str] = {}
    for control in found.find_all(["input", "select", "textarea"]):
        name = control.get("name")
        if not name or (control.get("type") in ("checkbox", "radio") and not control.has_attr("checked")):
            continue
        assert name not in sent, f"{name} stands twice in the form"
        sent[str(name)] = _value(control)
    return sent


def _value(control: Tag) -> str:
    if control.name == "textarea":
        return control.text.removeprefix("\n")  # as HTML parsers do
    if control.name == "select":
        options = control.find_all("option")
        chosen = next((option for option in options if option.has_attr("selected")), options[0])
        return str(chosen.get("value", chosen.text))
    return str(control.get("value", ""))
