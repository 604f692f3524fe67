"""httpx: the function, and a Client."""
import os
import ssl

import httpx

from drive import base, deadline, drive, mode

trust = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
limits = {
    "parallel-keepalive2": httpx.Limits(max_keepalive_connections=2),
    "idle-expiry": httpx.Limits(keepalive_expiry=0.2),
    "off": httpx.Limits(max_keepalive_connections=0),
}
client = httpx.Client(verify=trust, http2=mode.endswith("-h2") or mode == "lines", follow_redirects=mode == "lines",
                       limits=limits.get(mode, httpx.Limits(max_connections=100, max_keepalive_connections=20)))
unread = []  # keeps what was not read from being collected, and so closed


def get(path):
    client.get(base + path)


def stream(path):
    unread.append(client.send(client.build_request("GET", base + path), stream=True))


def each(path):
    with httpx.Client(verify=trust) as own:
        own.get(base + path)


def closed(path):
    with client.stream("GET", base + path):
        pass  # the status was enough


def ask(url, method, headers, body, read):
    with client.stream(method, url, headers=headers, content=body) as r:
        if read:
            r.read()
        return r.status_code


def limited(path):
    try:
        client.get(base + path, timeout=deadline)
    except httpx.ReadTimeout:
        pass


drive({
    "default": lambda path: httpx.get(base + path, verify=trust),
    "shared": get,
    "shared-h2": get,
    "parallel": get,
    "parallel-h2": get,
    "parallel-keepalive2": get,
    "unread": stream,
    "unread-closed": closed,
    "drained": get,
    "idle": get,
    "deadline": limited,
    "lines": ask,
    "idle-expiry": get,
    "off": get,
    "each": each,
})
