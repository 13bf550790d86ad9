"""Opens a curation report in Chromium as a wide screen and as a telephone, light and dark, and keeps pictures
to look at. Standard library only; Chromium is spoken to through its debugging pipe.

usage: look_at_report.py REPORT_HTML PICTURES_DIR

Needs Chromium (Debian's package chromium; the variable CHROMIUM names another). The exit status is not 0 where
the page asks for anything but itself, is wider than the screen, logs an error, or has texts of a chart that
cover each other or leave it.
"""
import argparse
import base64
import json
import os
import pathlib
import subprocess
import sys
import tempfile

SCREENS = {"wide": 1600, "narrow": 390}
PIECE_HEIGHT = 1600
# Texts of one chart whose boxes meet by more than a pixel, or that leave the screen.
CROWDED_TEXTS = """
[...document.querySelectorAll('svg')].flatMap(svg => {
  const texts = [...svg.querySelectorAll('text')].map(text => [text.textContent, text.getBoundingClientRect()]);
  const outside = texts.filter(([, box]) => box.left < -1 || box.right > innerWidth + 1);
  const covered = texts.flatMap(([one, a], i) => texts.slice(i + 1)
    .filter(([, b]) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
                       Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1)
    .map(([other]) => `"${one}" and "${other}" cover each other`));
  return [...outside.map(([text]) => `"${text}" leaves the screen`), ...covered];
})
"""


class Browser:
    """Chromium without a window."""

    def __init__(self, profile):
        theirs_in, self._out = os.pipe()
        ours_in, theirs_out = os.pipe()
        # Chromium takes requests from descriptor 3 and answers on 4.
        self._process = subprocess.Popen(
            ["bash", "-c", f'exec 3<&{theirs_in} 4>&{theirs_out}; exec "$@"', "-",
             os.environ.get("CHROMIUM", "chromium"), "--headless", "--no-sandbox", "--remote-debugging-pipe",
             "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}", "about:blank"],
            pass_fds=(theirs_in, theirs_out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(theirs_in)
        os.close(theirs_out)
        self._in = os.fdopen(ours_in, "rb")
        self._rest = b""
        self._number = 0
        self._session = {}
        self.events = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = {"sessionId": self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]}
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.ask(f"{domain}.enable")

    def _next(self):
        while b"\0" not in self._rest:
            more = self._in.read1(1 << 20)
            if not more:
                sys.exit(f"chromium ended with status {self._process.wait()}")
            self._rest += more
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def ask(self, method, **parameters):
        self._number += 1
        request = {"id": self._number, "method": method, "params": parameters, **self._session}
        os.write(self._out, json.dumps(request).encode() + b"\0")
        while True:
            message = self._next()
            if message.get("id") != self._number:
                self.events.append(message)
            elif "error" in message:
                sys.exit(f"{method}: {message['error']['message']}")
            else:
                return message["result"]

    def wait_for(self, event):
        while all(message.get("method") != event for message in self.events):
            self.events.append(self._next())

    def value_of(self, expression):
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            sys.exit(f"{expression}: {answer['exceptionDetails']['exception']['description']}")
        return answer["result"].get("value")

    def close(self):
        self.ask("Browser.close")
        self._process.wait()


def look(browser, page, pictures, screen, colours):
    """The faults of the page on that screen, and its pictures, a piece each."""
    width = SCREENS[screen]
    metrics = {"width": width, "deviceScaleFactor": 1, "mobile": screen == "narrow"}
    browser.ask("Emulation.setDeviceMetricsOverride", height=900, **metrics)
    browser.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": colours}])
    browser.events.clear()
    browser.ask("Page.navigate", url=page)
    browser.wait_for("Page.loadEventFired")
    browser.value_of("document.querySelectorAll('details').forEach(part => part.open = true)")
    faults = [f"asks for {event['params']['request']['url'][:200]}" for event in browser.events
              if event.get("method") == "Network.requestWillBeSent" and event["params"]["request"]["url"] != page]
    faults += [f"logs {event['params']['entry']['text']}" for event in browser.events
               if event.get("method") == "Log.entryAdded" and event["params"]["entry"]["level"] == "error"]
    page_width = browser.value_of("document.documentElement.scrollWidth")
    if page_width > width:
        faults.append(f"is {page_width} pixels wide on a screen of {width}")
    faults += browser.value_of(CROWDED_TEXTS)
    height = browser.value_of("document.documentElement.scrollHeight")
    for number, top in enumerate(range(0, height, PIECE_HEIGHT)):
        clip = {"x": 0, "y": top, "width": width, "height": min(PIECE_HEIGHT, height - top), "scale": 1}
        picture = browser.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        (pictures / f"{screen}-{colours}-{number:02}.png").write_bytes(base64.b64decode(picture["data"]))
    return faults


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("report", type=pathlib.Path)
    parser.add_argument("pictures", type=pathlib.Path)
    arguments = parser.parse_args()
    arguments.pictures.mkdir(parents=True, exist_ok=True)
    page = arguments.report.resolve(strict=True).as_uri()
    faulty = False
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(profile)
        for screen in SCREENS:
            for colours in ("light", "dark"):
                faults = look(browser, page, arguments.pictures, screen, colours)
                print(f"{screen}, {colours}: {'; '.join(faults) or 'nothing is wrong'}", flush=True)
                faulty |= bool(faults)
        browser.close()
    sys.exit(1 if faulty else 0)


if __name__ == "__main__":
    main()
