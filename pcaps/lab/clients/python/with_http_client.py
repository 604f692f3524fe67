"""http.client: one connection object, or one for each request."""
import http.client
import os
import ssl
import threading
import urllib.parse

from drive import base, deadline, drive

url = urllib.parse.urlsplit(base)


def connect(url=url):
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


def limited(path):
    shared.timeout = deadline
    try:
        get(path, shared)
    except TimeoutError:
        shared.close()  # given up; it opens itself again


own = threading.local()  # a connection is no good to two threads at once


def ask(url, method, headers, body, read):
    url = urllib.parse.urlsplit(url)
    if not hasattr(own, "connection"):
        own.connection = connect(url)
    try:
        own.connection.request(method, url.path, body, headers)
        r = own.connection.getresponse()
        if read:
            r.read()
        else:
            own.connection.close()
        return r.status
    except Exception:
        own.connection.close()  # it opens itself again
        raise


kept = []


def each(path):
    kept.append(connect())
    get(path, kept[-1])


shared = connect()
drive({
    "default": each,
    "shared": lambda path: get(path, shared),
    "idle": get_idle,
    "deadline": limited,
    "lines": ask,
})
