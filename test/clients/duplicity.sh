# duplicity over boto3: full, incremental, verify, restore.
set -euo pipefail
curl -sSf --aws-sigv4 "aws:amz:us-east-1:s3" -u "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \
  -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' -X PUT "$AWS_ENDPOINT_URL/by-duplicity"
run() {
  duplicity "$@" --no-encryption --archive-dir archive --s3-endpoint-url "$AWS_ENDPOINT_URL"
}
run full tree boto3+s3://by-duplicity/backup
echo more > tree/more.txt
run incremental tree boto3+s3://by-duplicity/backup
run verify boto3+s3://by-duplicity/backup tree
run restore boto3+s3://by-duplicity/backup restored
diff -r tree restored
