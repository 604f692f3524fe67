"""urllib3: the function, which has a pool for the process, and a PoolManager."""
import os

import urllib3

from drive import base, deadline, drive

trust = {"ca_certs": os.environ["SSL_CERT_FILE"]}
manager = urllib3.PoolManager(**trust)
five = urllib3.PoolManager(maxsize=5, **trust)
unread = []  # keeps what was not read from being collected, and so closed


def get(path):
    manager.request("GET", base + path)


def each(path):
    with urllib3.PoolManager(**trust) as own:
        own.request("GET", base + path)


def ask(url, method, headers, body, read):
    r = manager.request(method, url, headers=headers, body=body, preload_content=False)
    r.drain_conn() if read else r.close()
    return r.status


def limited(path):
    try:
        manager.request("GET", base + path, timeout=deadline, retries=False)
    except urllib3.exceptions.ReadTimeoutError:
        pass


drive({
    "default": lambda path: urllib3.request("GET", base + path),
    "shared": get,
    "parallel": get,
    "parallel-maxsize5": lambda path: five.request("GET", base + path),
    "unread": lambda path: unread.append(manager.request("GET", base + path, preload_content=False)),
    "drained": get,
    "released": lambda path: manager.request("GET", base + path, preload_content=False).drain_conn(),
    "idle": get,
    "deadline": limited,
    "lines": ask,
    "each": each,
})
