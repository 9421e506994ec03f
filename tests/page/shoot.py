import sys, time, threading
from playwright.sync_api import sync_playwright
from tests.page.fake_daemon import FakeDaemon
from tests.page import duet

ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]
out = sys.argv[1]
with FakeDaemon() as d, sync_playwright() as p:
    b = p.chromium.launch(executable_path="/usr/bin/chromium", args=ARGS)
    pages = {}
    for name, vp, scheme, mobile in [
        ("dark", (1280, 800), "dark", 0),
        ("light", (1280, 800), "light", 0),
        ("portrait", (390, 844), "dark", 1),
        ("landscape", (844, 390), "light", 1),
        ("large", (1920, 1080), "dark", 0),
    ]:
        c = b.new_context(
            viewport={"width": vp[0], "height": vp[1]},
            color_scheme=scheme,
            has_touch=bool(mobile),
            is_mobile=bool(mobile),
            device_scale_factor=2 if mobile else 1,
        )
        pg = c.new_page()
        pages[name] = pg
        pg.on("console", lambda m, n=name: print(n, m.type, m.text) if m.type in ("error", "warning") else None)
        pg.on("pageerror", lambda e, n=name: print(n, "ERR", e))
        pg.goto(d.url)
        pg.wait_for_timeout(500)
        if "wait" in sys.argv[2]:
            pg.screenshot(path=f"{out}/{name}-wait.png")
    if "play" in sys.argv[2]:
        for pg in pages.values():
            pg.click("#silent")
        t = threading.Thread(target=duet.play, args=(d, 21.3))
        t.start()
        while t.is_alive():
            next(iter(pages.values())).wait_for_timeout(200)
        for n, pg in pages.items():
            pg.screenshot(path=f"{out}/{n}-play.png")
    if "gone" in sys.argv[2]:
        d.stop()
        pg = pages["dark"]
        pg.wait_for_timeout(500)
        pg.screenshot(path=f"{out}/gone.png")
        pages["portrait"].screenshot(path=f"{out}/portrait-full.png", full_page=True)
    b.close()
