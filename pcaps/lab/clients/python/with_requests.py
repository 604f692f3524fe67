"""requests: the function, and a Session."""
import requests
from requests.adapters import HTTPAdapter

from drive import base, deadline, drive

session = requests.Session()
small = requests.Session()
small.mount("http://", HTTPAdapter(pool_maxsize=1))
unread = []  # keeps what was not read from being collected, and so closed


def stream(path):
    unread.append(session.get(base + path, stream=True))


def get(path):
    session.get(base + path)


def each(path):
    with requests.Session() as own:
        own.get(base + path)


def ask(url, method, headers, body, read):
    r = session.request(method, url, headers=headers, data=body, stream=not read)
    r.close()
    return r.status_code


def limited(path):
    try:
        session.get(base + path, timeout=deadline)
    except requests.exceptions.ReadTimeout:
        pass


drive({
    "default": lambda path: requests.get(base + path),
    "shared": get,
    "parallel": get,
    "parallel-pool1": lambda path: small.get(base + path),
    "unread": stream,
    "drained": get,
    "idle": get,
    "deadline": limited,
    "lines": ask,
    "each": each,
    "close": lambda path: session.get(base + path, headers={"Connection": "close"}),
})
