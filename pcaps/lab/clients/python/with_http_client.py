"""http.client: one connection object, or one for each request."""
import http.client
import os
import ssl
import urllib.parse

from drive import base, drive

url = urllib.parse.urlsplit(base)


def connect():
    if url.scheme == "https":
        return http.client.HTTPSConnection(url.netloc, context=ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"]))
    return http.client.HTTPConnection(url.netloc)


def get(path, c):
    c.request("GET", path)
    c.getresponse().read()


def get_idle(path):
    try:
        get(path, shared)
    except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
        shared.close()  # the server closed it meanwhile; the library leaves that to its user
        get(path, shared)


kept = []


def each(path):
    kept.append(connect())
    get(path, kept[-1])


shared = connect()
drive({
    "default": each,
    "shared": lambda path: get(path, shared),
    "idle": get_idle,
})
