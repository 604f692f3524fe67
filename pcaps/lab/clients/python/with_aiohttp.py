"""aiohttp: the function, and a ClientSession."""
import asyncio
import os
import ssl

import aiohttp

from drive import base, deadline, drive_async, mode

trust = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
unread = []  # keeps what was not read from being collected, and so closed


def connector(**options):
    return aiohttp.TCPConnector(ssl=trust, **options)


async def function(path):
    async with aiohttp.request("GET", base + path, ssl=trust) as r:
        await r.read()


async def each(path):
    async with aiohttp.ClientSession(connector=connector()) as own:
        async with own.get(base + path) as r:
            await r.read()


async def main():
    options = {"off": {"force_close": True}, "idle-timeout": {"keepalive_timeout": 0.2}, "parallel-limit2": {"limit": 2}}
    async with aiohttp.ClientSession(connector=connector(**options.get(mode, {}))) as session:

        async def get(path):
            async with session.get(base + path) as r:
                await r.read()

        async def ask(url, method, headers, body, read):
            async with session.request(method, url, headers=headers, data=body) as r:
                if read:
                    await r.read()
                return r.status

        async def limited(path):
            try:
                async with session.get(base + path, timeout=aiohttp.ClientTimeout(total=deadline)) as r:
                    await r.read()
            except asyncio.TimeoutError:
                pass

        async def left(path):
            unread.append(await session.get(base + path))

        async def closed(path):
            async with session.get(base + path):
                pass  # the status was enough

        await drive_async({
            "default": function,
            "shared": get,
            "parallel": get,
            "parallel-limit2": get,
            "unread": left,
            "unread-closed": closed,
            "drained": get,
            "idle": get,
            "deadline": limited,
            "lines": ask,
            "idle-timeout": get,
            "off": get,
            "each": each,
        })


asyncio.run(main())
