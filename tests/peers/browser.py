"""A browser that does what it is told, a line of JSON at a time, and answers with another.

Runs in `.venv-peers`, which has playwright; the tests talk to it over standard input.
"""

# mypy: disable-error-code="import-not-found"

import json
import sys
from typing import Any

from playwright.sync_api import BrowserContext, Page, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Window:
    """One page, in a browser profile of its own."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.page: Page = context.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._heard)

    def _heard(self, message: Any) -> None:
        if message.type == "error" and "ERR_" not in message.text:
            self.errors.append(message.text)

    def goto(self, url: str) -> None:
        self.page.goto(url)

    def reload(self) -> None:
        self.page.reload()

    def second(self) -> None:
        """Open the same address in another window of this profile, and stay in the first."""
        self.context.new_page().goto(self.page.url)

    def says(self, text: str) -> None:
        self.page.fill("#text", text)
        self.page.keyboard.press("Enter")

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def click(self, selector: str) -> None:
        self.page.click(selector, timeout=5000)

    def fill(self, selector: str, text: str) -> None:
        self.page.fill(selector, text)

    def attach(self, *paths: str) -> None:
        self.page.set_input_files("#file", list(paths))

    def offline(self, off: bool) -> None:
        self.context.set_offline(off)

    def state(self) -> str:
        return str(self.page.evaluate("document.body.dataset.state"))

    def texts(self) -> list[str]:
        """What stands in the conversation, and whose it is."""
        found = self.page.query_selector_all("#log .message")
        return [self._text(each) for each in found]

    def _text(self, message: Any) -> str:
        who = "me" if "me" in message.get_attribute("class").split() else "bot"
        pending = "… " if "pending" in message.get_attribute("class").split() else ""
        parts = message.query_selector_all(".bubble > p, .bubble > a.file")
        said = " / ".join(part.inner_text() for part in parts)
        signs = "".join(s.inner_text() for s in message.query_selector_all(".sign"))
        return f"{pending}{who}: {said}{' ' + signs if signs else ''}"

    def attribute(self, selector: str, name: str) -> Any:
        return self.page.get_attribute(selector, name, timeout=5000)

    def evaluate(self, script: str) -> Any:
        return self.page.evaluate(script)

    def screenshot(self, path: str) -> None:
        self.page.screenshot(path=path)

    def faults(self) -> list[str]:
        """What the browser complained about, the policy of the page included."""
        return self.errors


def _answer(told: object) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def main() -> None:
    windows: dict[str, Window] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=sys.argv[1], headless=True, args=FLAGS
        )
        _answer("ready")
        for raw in sys.stdin:
            name, verb, *arguments = json.loads(raw)
            try:
                if verb == "new":
                    windows[name] = Window(browser.new_context(**arguments[0]))
                    answer: Any = None
                else:
                    windows[name].page.wait_for_timeout(1)  # lets events come in
                    answer = getattr(windows[name], verb)(*arguments)
                told = {"answer": answer}
            except Exception as error:
                told = {"error": f"{type(error).__name__}: {error}"}
            _answer(told)
        browser.close()


if __name__ == "__main__":
    main()
