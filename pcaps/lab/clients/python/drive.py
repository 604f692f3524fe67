"""Ten requests at the times the mode asks for; see ../node/drive.js.

usage: python3 CLIENT.py MODE URL
"""
import asyncio
import concurrent.futures
import sys
import time

mode, base = sys.argv[1:]
when = mode.split("-")[0]


def path(i):
    return "/%s/%d" % ({"unread": "huge", "drained": "big"}.get(when, "item"), i)


def pause(i):
    return 0.6 if when == "idle" and i == 5 else 0.06 if when in ("unread", "drained") else 0.01


def drive(clients):
    get = clients[mode]
    if when == "parallel":
        with concurrent.futures.ThreadPoolExecutor(5) as threads:
            for first in (1, 6):
                list(threads.map(get, [path(first + i) for i in range(5)]))
                time.sleep(0.05)
        return
    for i in range(1, 11):
        get(path(i))
        time.sleep(pause(i))


async def drive_async(clients):
    """The same for clients of asyncio."""
    get = clients[mode]
    if when == "parallel":
        for first in (1, 6):
            await asyncio.gather(*[get(path(first + i)) for i in range(5)])
            await asyncio.sleep(0.05)
        return
    for i in range(1, 11):
        await get(path(i))
        await asyncio.sleep(pause(i))
