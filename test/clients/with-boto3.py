"""boto3 at its defaults: what applications do, and what its presigned URLs and forms do."""
import urllib.request
import uuid

import boto3
from botocore.exceptions import ClientError

client = boto3.client("s3")
bucket = "by-boto3"
client.create_bucket(Bucket=bucket)
large = open("large.bin", "rb").read()


def failure(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    raise AssertionError("the call did not fail")


client.put_object(Bucket=bucket, Key="a b+c/\u00fc%", Body=b"small", Metadata={"k": "v"})
got = client.get_object(Bucket=bucket, Key="a b+c/\u00fc%")
assert got["Body"].read() == b"small" and got["Metadata"] == {"k": "v"}
assert got["ResponseMetadata"]["HTTPHeaders"]["x-amz-request-id"]

client.upload_file("large.bin", bucket, "large")
client.download_file(bucket, "large", "got.bin")
assert open("got.bin", "rb").read() == large
part = client.get_object(Bucket=bucket, Key="large", Range="bytes=5-9")["Body"].read()
assert part == large[5:10]

client.copy({"Bucket": bucket, "Key": "large"}, bucket, "copy")
assert client.head_object(Bucket=bucket, Key="copy")["ContentLength"] == len(large)

client.put_object(Bucket=bucket, Key="once", Body=b"1", IfNoneMatch="*")
assert failure(
    client.put_object, Bucket=bucket, Key="once", Body=b"2", IfNoneMatch="*"
) == "PreconditionFailed"
assert failure(client.get_object, Bucket=bucket, Key="no") == "NoSuchKey"
assert failure(client.head_object, Bucket=bucket, Key="no") == "404"

for algorithm in ["CRC32", "SHA256"]:
    client.put_object(Bucket=bucket, Key=algorithm, Body=large, ChecksumAlgorithm=algorithm)
    head = client.head_object(Bucket=bucket, Key=algorithm, ChecksumMode="ENABLED")
    assert head["Checksum" + algorithm], head

keys = [f"page/{n:04}" for n in range(25)]
for key in keys:
    client.put_object(Bucket=bucket, Key=key, Body=b"")
pages = client.get_paginator("list_objects_v2").paginate(
    Bucket=bucket, Prefix="page/", PaginationConfig={"PageSize": 7}
)
assert [item["Key"] for page in pages for item in page["Contents"]] == keys
deleted = client.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": k} for k in keys]})
assert len(deleted["Deleted"]) == len(keys) and "Errors" not in deleted

url = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "once"})
assert urllib.request.urlopen(url).read() == b"1"
url = client.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "put"})
put = urllib.request.Request(url, data=b"by url", method="PUT", headers={"Content-Type": ""})
urllib.request.urlopen(put)
assert client.get_object(Bucket=bucket, Key="put")["Body"].read() == b"by url"

form = client.generate_presigned_post(bucket, "form/${filename}")
fields = {**form["fields"], "file": "by form"}
boundary = uuid.uuid4().hex
body = "".join(
    f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'
    + ('; filename="f.txt"' if name == "file" else "")
    + f"\r\n\r\n{value}\r\n"
    for name, value in fields.items()
)
body = (body + f"--{boundary}--\r\n").encode()
headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
urllib.request.urlopen(urllib.request.Request(form["url"], data=body, headers=headers))
assert client.get_object(Bucket=bucket, Key="form/f.txt")["Body"].read() == b"by form"
