"""Chromium on a dashboard: what it shows, what its keys do, what axe-core has to say of it."""

import asyncio
import base64
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException, WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

LIMIT = 60.0
"""Seconds to wait for anything: many times what it takes on a quiet machine."""

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
"""axe-core's names of WCAG 2.2, levels A and AA."""

# No sandbox of its own: in the lab it would need a user namespace inside of one. Nothing but our pages is opened.
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--lang=en-GB",
    "--force-prefers-reduced-motion", "--hide-scrollbars",
)  # fmt: skip

REPLACED = ("does not belong to the document", "aborted by navigation", "loader has changed")
"""Words of errors about what is there no more."""

CONTRAST = ("color-contrast",)
"""What of them depends on colours."""
AXE = """
const done = arguments[arguments.length - 1];
axe.run(document, {runOnly: {type: arguments[0], values: arguments[1]}}).then(
    (found) => done(found.violations.map((each) => each.id + ": " + each.help + " "
        + each.nodes.slice(0, 3).map((node) => node.html.slice(0, 150) + " " + (node.failureSummary || "")).join(" | "))),
    (error) => done([String(error)]));
"""
WIDE = """
return [...document.querySelectorAll("body *")].filter((each) => {
    const box = each.getBoundingClientRect();
    return box.right > document.documentElement.clientWidth + 1 && box.width > 0
        && !each.closest(".scroll, table, pre, .visually-hidden, .skip");
}).slice(0, 5).map((each) => each.outerHTML.slice(0, 120));
"""


@dataclass
class Browser:
    driver: webdriver.Chrome
    base: str
    shots: Path
    axe: str

    def open(self, path: str) -> None:
        self.driver.get(path if path.startswith("http") else self.base + path)

    def find(self, selector: str) -> WebElement | None:
        try:
            return self.driver.find_element(By.CSS_SELECTOR, selector)
        except NoSuchElementException:
            return None

    def click(self, selector: str) -> None:
        self.driver.find_element(By.CSS_SELECTOR, selector).click()

    def type(self, selector: str, text: str) -> None:
        element = self.driver.find_element(By.CSS_SELECTOR, selector)
        element.clear()
        element.send_keys(text)

    @property
    def path(self) -> str:
        return self.driver.current_url.removeprefix(self.base)

    @property
    def text(self) -> str:
        """What can be read on the page."""
        return self.driver.find_element(By.TAG_NAME, "body").text

    def press(self, key: str, times: int = 1) -> None:
        for _ in range(times):
            self.driver.switch_to.active_element.send_keys(key)

    def tab_to(self, words: str, press: str) -> None:
        """With the keyboard alone, from where the focus is; then this key. A page that changes just then takes the focus
        away: the next press goes on from there.

        Raises:
            AssertionError: it is not reached.
        """

        def pressed() -> bool:
            self.press(Keys.TAB)
            reached = self.driver.switch_to.active_element
            if reached.text.strip() != words:
                return False
            reached.send_keys(press)
            return True

        for _ in range(200):  # some pages have half a hundred places to stop at
            if _quietly(pressed):
                return
        raise AssertionError(f"the keyboard does not reach {words!r}")

    async def until(self, holds: Callable[[], object], limit: float = LIMIT) -> None:
        """
        Raises:
            TimeoutError: with what the page shows, and a picture of it.
        """
        try:
            async with asyncio.timeout(limit):
                while not _quietly(holds):
                    await asyncio.sleep(0.05)
        except TimeoutError:
            self.shot("timeout")
            raise TimeoutError(f"did not come to hold on {self.path}:\n{self.text[:3000]}") from None

    async def presses(self, selector: str) -> None:
        """Click it, on a page that may change just then."""

        def pressed() -> bool:
            self.click(selector)
            return True

        await self.until(pressed)

    async def types(self, selector: str, text: str) -> None:
        """Write into a field, on a page that may change just then."""

        def typed() -> bool:
            self.type(selector, text)
            return True

        await self.until(typed)

    async def shows(self, words: str) -> None:
        await self.until(lambda: words in self.text)

    def look(self, *, dark: bool = False, width: int = 1280, height: int = 900) -> None:
        """As whoever prefers dark pages, or has a screen of this width, sees it."""
        scheme = "dark" if dark else "light"
        self._command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self._command(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    def violations(self) -> list[str]:
        """Of WCAG 2.2 AA, as far as a program can tell."""
        return self._looked_at("tag", RULES)

    def faint(self) -> list[str]:
        """What cannot be told from its background: all that another theme may have made worse."""
        return self._looked_at("rule", CONTRAST)

    def _looked_at(self, kind: str, names: Sequence[str]) -> list[str]:
        if self.driver.execute_script("return typeof axe") == "undefined":
            self.driver.execute_script(self.axe)
        return list(self.driver.execute_async_script(AXE, kind, list(names)))

    def too_wide(self) -> list[str]:
        """What sticks out of the window, and makes the whole page scroll sideways."""
        return list(self.driver.execute_script(WIDE))

    def complaints(self) -> list[str]:
        """What the browser's console has, such as what the page's policy forbade."""
        entries: list[dict[str, Any]] = self.driver.get_log("browser")  # type: ignore[no-untyped-call]  # Selenium has no types for it
        return [entry["message"] for entry in entries if entry["level"] in {"SEVERE", "WARNING"}]

    def shot(self, name: str) -> None:
        """The whole page, into the folder that is kept."""
        size = self._command("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 4000), "scale": 1}
        data = self._command("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"]
        self.shots.mkdir(parents=True, exist_ok=True)
        (self.shots / f"{name}.png").write_bytes(base64.b64decode(data))

    def _command(self, name: str, **parameters: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.driver.execute_cdp_cmd(name, parameters)
        return found


def missing() -> str:
    """Why there can be no browser here; empty where there can."""
    if shutil.which("chromedriver") is None or shutil.which("chromium") is None:
        return "no chromium and chromedriver here: scripts/setup installs them"
    if not Path(os.environ.get("AIRUT_AXE", "/nowhere")).is_file():
        return "no axe-core here: run it through scripts/lab, after scripts/setup"
    return ""


@contextmanager
def chromium(base: str, folder: Path) -> Iterator[Browser]:
    """A browser with a profile of its own, on the dashboard at `base`."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in (*FLAGS, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
    try:
        driver.set_script_timeout(LIMIT)
        shots = Path(os.environ.get("AIRUT_SCREENSHOTS") or folder / "screenshots")
        browser = Browser(driver, base, shots, Path(os.environ["AIRUT_AXE"]).read_text())
        browser.look()
        yield browser
    finally:
        driver.quit()


def _quietly(holds: Callable[[], object]) -> bool:
    """False while what is looked at is being replaced."""
    try:
        return bool(holds())
    except (StaleElementReferenceException, NoSuchElementException):
        return False
    except WebDriverException as error:  # the same, in the words of a browser that has just begun to act on it
        if not any(words in str(error) for words in REPLACED):
            raise
        return False
