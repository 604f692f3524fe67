"""boto3 asking a local endpoint for objects: a client for each request, and one."""

import platform

import boto3
from botocore.config import Config

from drive import base, drive

platform.release = lambda: ""  # keeps the recorder's kernel out of User-Agent


def s3(**options):
    return boto3.client("s3", endpoint_url=base, region_name="us-east-1", aws_access_key_id="lab", aws_secret_access_key="lab",
                        config=Config(s3={"addressing_style": "path"}, **options))


client = s3()
small = s3(max_pool_connections=2)
unread = []  # keeps what was not read from being collected, and so closed


def get(path, client=client):
    _, bucket, key = path.split("/")
    client.get_object(Bucket=bucket, Key=key)["Body"].read()


def left(path):
    _, bucket, key = path.split("/")
    unread.append(client.get_object(Bucket=bucket, Key=key))


drive({
    "default": lambda path: get(path, s3()),
    "shared": get,
    "parallel": get,
    "parallel-pool2": lambda path: get(path, small),
    "unread": left,
    "drained": get,
    "idle": get,
})
