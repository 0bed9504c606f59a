"""A headless Chromium, driven over its DevTools protocol: for the tests that look at a page as a reader would.

Emulated metrics are needed because a headless window cannot be narrower than 500 pixels, and a phone is.
"""

import json
import os
import shutil
import subprocess
import tempfile
import time
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Self
from urllib.request import urlopen

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--hide-scrollbars", "--remote-debugging-port=0",
)  # fmt: skip
PATIENCE = 60.0


def absent() -> str:
    """Why pages cannot be looked at here; "" when they can."""
    if CHROMIUM is None:
        return "no Chromium on this machine: apt-get install chromium"
    try:
        import websocket  # noqa: F401
    except ImportError:
        return "websocket-client is not installed: pip install websocket-client"
    return ""


@dataclass(frozen=True)
class Screen:
    """What a page is shown on."""

    width: int
    height: int
    mobile: bool = False
    dark: bool = False
    scripts: bool = True


PHONE = Screen(390, 844, mobile=True)
DESKTOP = Screen(1280, 900)


class Browser:
    """One Chromium with one tab. Use as a context manager."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._ids = count(1)
        self._heard: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        from websocket import create_connection

        self._process = subprocess.Popen(
            [str(CHROMIUM), *FLAGS, f"--user-data-dir={self._folder.name}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": self._folder.name},
        )
        port = self._port()
        with urlopen(f"http://127.0.0.1:{port}/json/list", timeout=PATIENCE) as answer:
            tab = next(one for one in json.load(answer) if one["type"] == "page")
        self._socket = create_connection(
            tab["webSocketDebuggerUrl"], timeout=PATIENCE, suppress_origin=True, max_size=None
        )
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.tell(f"{domain}.enable")
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()

    def tell(self, method: str, **params: Any) -> dict[str, Any]:
        """Send one command and wait for its answer. Events that arrive meanwhile are kept."""
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv())
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                return message["result"]
            self._heard.append(message)

    def show(self, page: Path, screen: Screen) -> None:
        """Load a page on a screen and wait until it is there."""
        self.tell(
            "Emulation.setDeviceMetricsOverride",
            width=screen.width, height=screen.height, deviceScaleFactor=1, mobile=screen.mobile,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if screen.dark else "light"}
        self.tell("Emulation.setEmulatedMedia", features=[scheme])
        self.tell("Emulation.setScriptExecutionDisabled", value=not screen.scripts)
        self._heard.clear()
        self.tell("Page.navigate", url=page.resolve().as_uri())
        deadline = time.monotonic() + PATIENCE
        while not any(message.get("method") == "Page.loadEventFired" for message in self._heard):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{page} did not load within {PATIENCE:g} s")
            self.tell("Runtime.getHeapUsage")  # any command: hears what has happened since
            time.sleep(0.01)

    def ask(self, script: str) -> Any:
        """The value of a JavaScript expression, evaluated by the debugger even where the page's own scripts are off."""
        answer = self.tell("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"]["description"])
        return answer["result"].get("value")

    def screenshot(self, path: Path, whole: bool = True) -> None:
        picture = self.tell("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(b64decode(picture["data"]))

    @property
    def complaints(self) -> list[str]:
        """What the console has said since the page was shown: errors, warnings, exceptions, refused content."""
        spoken = ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded")
        return [json.dumps(message["params"]) for message in self._heard if message.get("method") in spoken]

    @property
    def requests(self) -> list[str]:
        """Every address that the page has asked for."""
        sent = [m["params"] for m in self._heard if m.get("method") == "Network.requestWillBeSent"]
        return [_address(one) for one in sent]

    def _port(self) -> int:
        file, deadline = Path(self._folder.name) / "DevToolsActivePort", time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self._process.poll() is None:
            if file.is_file() and (lines := file.read_text().splitlines()):
                return int(lines[0])
            time.sleep(0.02)
        raise TimeoutError("Chromium did not start")


def _address(request: Mapping[str, Any]) -> str:
    return request["request"]["url"]
