# curl --aws-sigv4: bucket, put, get, ranges, list, head, delete.
set -euo pipefail
s3() {
  curl -sSf --aws-sigv4 "aws:amz:us-east-1:s3" \
    -u "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" "$@"
}
unsigned='x-amz-content-sha256: UNSIGNED-PAYLOAD' # Debian's curl cannot sign a file's hash
url="$AWS_ENDPOINT_URL/by-curl"
s3 -H "$unsigned" -X PUT "$url"
s3 -H "$unsigned" -T large.bin "$url/large.bin"
s3 "$url/large.bin" | cmp - large.bin
s3 -r 5-9 "$url/large.bin" | cmp - <(head -c 10 large.bin | tail -c 5)
s3 "$url" | grep '<Key>large.bin</Key>'
s3 -I "$url/large.bin" | grep -i 'content-length'
s3 -X DELETE "$url/large.bin"
s3 -X DELETE "$url"
