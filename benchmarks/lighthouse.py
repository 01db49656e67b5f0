"""How good pages are to a phone: `python -m benchmarks.lighthouse [PATH …]`. Needs npm, nginx, openssl and Chromium.

Starts the demo behind the nginx sample of deploy/, with HTTP/2 and compression as people have it, and lets Lighthouse
look at its pages as on a mid-range phone with slow 4G. npm fetches Lighthouse into a folder that is thrown away.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, sync_playwright

from docs.screenshots import DEMO, ROOT, baton, sign_in

LIGHTHOUSE = "lighthouse@12"
PAGES = ("/", "/cases/", "CASE", "AGENT", "/inbox/", "/notifications/", "/queues/")
_SAMPLE = ROOT / "deploy/nginx-before-1.25.conf"
_CHROMIUM = "--headless=new --no-sandbox --disable-gpu --ignore-certificate-errors"
_DEMO_SECONDS = 35  # until the last case of the demo has come and is done


@contextmanager
def nginx(upstream: str, folder: Path) -> Iterator[str]:
    """The address of the sample's server before this one."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-days", "1", "-newkey", "rsa:2048", "-nodes"]
    made = ["openssl", "req", "-x509", *subject, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(made, check=True, capture_output=True)
    site = _SAMPLE.read_text().replace("127.0.0.1:8000", urlsplit(upstream).netloc)
    site = re.sub(r"server \{\s+listen 80;.*?\n\}", "", site, flags=re.DOTALL)
    site = site.replace("listen 443", f"listen 127.0.0.1:{port}").replace("    listen [::]:443 ssl http2;\n", "")
    site = re.sub(r"ssl_certificate_key .*;", f"ssl_certificate_key {key};", site)
    site = re.sub(r"ssl_certificate  .*;", f"ssl_certificate {certificate};", site)
    types = "include /etc/nginx/mime.types;"
    written = folder / "nginx.conf"
    written.write_text(f"pid {folder}/pid; daemon off; events {{}} http {{ {types} access_log off; {site} }}")
    process = subprocess.Popen(["nginx", "-c", written, "-e", folder / "errors"])
    try:
        yield f"https://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def measured(command: list[str], address: str, profile: Path, out: Path) -> dict[str, Any]:
    said = [*command, address, "--quiet", "--output=json", f"--output-path={out}", "--disable-storage-reset"]
    said += ["--only-categories=performance,accessibility,best-practices"]
    said += [f"--chrome-flags={_CHROMIUM} --user-data-dir={profile}"]
    environment = os.environ | {"CHROME_PATH": os.environ.get("CHROME_PATH", "/usr/bin/chromium")}
    subprocess.run(said, check=True, env=environment, capture_output=True, timeout=180)
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def line_of(path: str, found: dict[str, Any]) -> str:
    scores = " ".join(f"{row['score']:.2f}" for row in found["categories"].values())
    audits = found["audits"]
    names = "first-contentful-paint", "largest-contentful-paint", "total-blocking-time"
    shown = [audits[name]["displayValue"] for name in names]
    shift = audits["cumulative-layout-shift"]["numericValue"]
    return f"{path[:24]:24} {scores}  first {shown[0]}, largest {shown[1]}, blocked {shown[2]}, shift {shift:.3f}\n"


def failing(found: dict[str, Any]) -> Iterator[str]:
    """The audits of accessibility and best practices that a page does not pass."""
    for category in ("accessibility", "best-practices"):
        for row in found["categories"][category]["auditRefs"]:
            audit = found["audits"][row["id"]]
            if row["weight"] and audit["score"] is not None and audit["score"] < 1:
                yield f"    {audit['title']}: {json.dumps(audit.get('details', {}).get('items', []))[:300]}\n"


def _addresses(page: Page, address: str) -> dict[str, str]:
    page.goto(f"{address}/cases/")
    case = page.get_by_role("link", name=DEMO).first.get_attribute("href")
    page.goto(f"{address}/agents/")
    agent = page.get_by_role("main").get_by_role("link", name="Triage").first.get_attribute("href")
    return {"CASE": case or "", "AGENT": agent or ""}


def main(paths: list[str]) -> None:
    with tempfile.TemporaryDirectory() as temporary, baton() as address:
        folder = Path(temporary)
        subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", LIGHTHOUSE],
            cwd=folder,
            check=True,
            capture_output=True,
        )
        time.sleep(_DEMO_SECONDS)
        profile = folder / "profile"
        with nginx(address, folder) as outside, sync_playwright() as player:
            options: dict[str, Any] = {"executable_path": "/usr/bin/chromium", "args": _CHROMIUM.split()}
            with player.chromium.launch_persistent_context(profile, **options) as browser:
                page = browser.new_page()
                sign_in(page, address)
                named = _addresses(page, address)
                kept = browser.cookies()
            command = [str(folder / "node_modules/.bin/lighthouse")]
            command += ["--extra-headers", json.dumps({"Cookie": "; ".join(f"{c['name']}={c['value']}" for c in kept)})]
            for path in paths:
                found = measured(command, outside + named.get(path, path), profile, folder / "out.json")
                sys.stdout.write(line_of(path, found) + "".join(failing(found)))
                sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:] or list(PAGES))
