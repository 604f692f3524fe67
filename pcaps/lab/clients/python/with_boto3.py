"""boto3 asking a local endpoint for objects: a client for each request, and one."""

import os
import platform
import threading

import boto3
import botocore.exceptions
from botocore.config import Config

from drive import base, deadline, drive, how

platform.release = lambda: ""  # keeps the recorder's kernel out of User-Agent


def s3(endpoint=base, **options):
    return boto3.client("s3", endpoint_url=endpoint or "http://127.0.0.1", verify=os.environ.get("SSL_CERT_FILE"), region_name="us-east-1", aws_access_key_id="lab", aws_secret_access_key="lab",
                        config=Config(s3={"addressing_style": "path"}, **options))


client = s3()
small = s3(max_pool_connections=2)
brief = s3(read_timeout=deadline, retries={"total_max_attempts": 1})
unread = []  # keeps what was not read from being collected, and so closed


def get(path, client=client):
    _, bucket, key = path.split("/")
    client.get_object(Bucket=bucket, Key=key)["Body"].read()


def left(path):
    _, bucket, key = path.split("/")
    unread.append(client.get_object(Bucket=bucket, Key=key))


def limited(path):
    try:
        get(path, brief)
    except botocore.exceptions.ReadTimeoutError:
        pass  # given up


lock, at = threading.Lock(), {}


def ask(url, method, headers, body, read):
    """URLs as objects: https://HOST/BUCKET/KEY."""
    endpoint, bucket, key = url.rsplit("/", 2)
    with lock:
        client = at.setdefault(endpoint, None) or s3(endpoint, retries={"total_max_attempts": 2})  # else 5, with pauses
        at[endpoint] = client
    try:
        if method == "HEAD":
            return client.head_object(Bucket=bucket, Key=key)["ResponseMetadata"]["HTTPStatusCode"]
        if body:
            return client.put_object(Bucket=bucket, Key=key, Body=body)["ResponseMetadata"]["HTTPStatusCode"]
        r = client.get_object(Bucket=bucket, Key=key, **{"IfNoneMatch": v for v in headers.values() if v == '"1"'})
        r["Body"].read() if read else r["Body"].close()
        return r["ResponseMetadata"]["HTTPStatusCode"]
    except botocore.exceptions.ClientError as e:  # a status that is an error
        return e.response["ResponseMetadata"]["HTTPStatusCode"]


drive({
    "lines": ask,
    "default": lambda path: get(path, s3()),
    "shared": get,
    "parallel": get,
    "parallel-pool2": lambda path: get(path, small),
    "unread": left,
    "drained": get,
    "idle": get,
    "deadline": limited,
})
