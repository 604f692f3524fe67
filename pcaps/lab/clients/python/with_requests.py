"""requests: the function, and a Session."""
import requests

from drive import base, drive

session = requests.Session()
unread = []  # keeps what was not read from being collected, and so closed


def stream(path):
    unread.append(session.get(base + path, stream=True))


drive({
    "default": lambda path: requests.get(base + path),
    "shared": lambda path: session.get(base + path),
    "parallel": lambda path: session.get(base + path),
    "unread": stream,
    "idle": lambda path: session.get(base + path),
})
