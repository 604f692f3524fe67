"""Ten requests at the times the mode asks for; see ../node/drive.js.

usage: python3 CLIENT.py MODE URL
       python3 CLIENT.py lines
"""
import asyncio
import base64
import concurrent.futures
import os
import sys
import time

mode, base = (sys.argv[1:] + [""])[:2]
deadline = 0.3  # seconds
when = mode.split("-")[0]


def path(i):
    return "/%s/%d" % ({"unread": "huge", "drained": "big"}.get(when, "item"), i)


def pause(i):
    return 0.6 if when == "idle" and i == 5 else 0.06 if when in ("unread", "drained") else 0.01


scenario = os.environ.get("TCPWARM_SCENARIO", "")


def how():
    """What the scenario asks for: method, headers, body, and whether bodies are read."""
    if scenario == "head":
        return ["HEAD", {}, None, True]
    if scenario == "not-modified":
        return ["GET", {"If-None-Match": '"1"'}, None, True]
    if scenario == "expect-continue":
        return ["POST", {"Expect": "100-continue"}, b"a body", True]
    return ["GET", {}, None, not scenario.startswith("unread")]


def authorised(headers):
    pair = "%s:%s" % (os.environ["TCPWARM_USER"], os.environ["TCPWARM_PASSWORD"])
    return {**headers, "Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


def lines():
    """URLs of standard input, in lists of those that come together."""
    while some := os.read(0, 65536):
        yield some.decode().split()


def fetch(ask, url):
    method, headers, body, read = how()
    try:
        if ask(url, method, headers, body, read) == 401:
            ask(url, method, authorised(headers), body, read)
    except Exception as e:
        print(repr(e), file=sys.stderr)


def drive(clients):
    get = clients[mode]
    if mode == "lines":
        with concurrent.futures.ThreadPoolExecutor(12) as threads:
            for urls in lines():
                list(threads.map(lambda url: fetch(get, url), urls))
        return
    if when == "parallel":
        with concurrent.futures.ThreadPoolExecutor(5) as threads:
            for first in (1, 6):
                list(threads.map(get, [path(first + i) for i in range(5)]))
                time.sleep(0.05)
        return
    for i in range(1, 11):
        get(path(i))
        time.sleep(pause(i))


async def fetch_async(ask, url):
    method, headers, body, read = how()
    try:
        if await ask(url, method, headers, body, read) == 401:
            await ask(url, method, authorised(headers), body, read)
    except Exception as e:
        print(repr(e), file=sys.stderr)


async def drive_async(clients):
    """The same for clients of asyncio."""
    get = clients[mode]
    if mode == "lines":
        comes = iter(lines())
        while urls := await asyncio.to_thread(next, comes, None):
            await asyncio.gather(*[fetch_async(get, url) for url in urls])
        return
    if when == "parallel":
        for first in (1, 6):
            await asyncio.gather(*[get(path(first + i)) for i in range(5)])
            await asyncio.sleep(0.05)
        return
    for i in range(1, 11):
        await get(path(i))
        await asyncio.sleep(pause(i))
