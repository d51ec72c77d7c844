"""Make the README's screenshot: Tempo's home page, as a browser shows it. ``python scripts/screenshot.py [FOLDER]``."""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "images" / "home.png"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
ADDRESS = re.compile(r"https?://127\.0\.0\.1:\d+")


def main(folder: Path) -> int:
    """Load Tempo into ``folder`` if it is not there, serve it, and take the picture."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("No Chromium on this machine (Debian: apt-get install chromium).")
    upshot = Path(sys.executable).with_name("upshot")
    subprocess.run([upshot, "demo", "--once", "--workspace", folder], check=True)
    subprocess.run([upshot, "study", "read", "--workspace", folder], check=True, stdout=subprocess.DEVNULL)
    command: list[str | Path] = [upshot, "serve", "--port", "0", "--workspace", folder]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, sync_playwright() as playwright:
        assert server.stdout is not None
        address = next(found.group() for line in server.stdout if (found := ADDRESS.search(line)))
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 1260}, color_scheme="light", reduced_motion="reduce")
        page.goto(address)
        page.locator("upshot-chart svg").first.wait_for()
        TARGET.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=TARGET)
        browser.close()
        server.terminate()
    print(f"{TARGET.relative_to(ROOT)}: {TARGET.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(main(Path(sys.argv[1]).absolute()))
    with tempfile.TemporaryDirectory(prefix="upshot-shot-") as temporary:
        sys.exit(main(Path(temporary) / "tempo"))
