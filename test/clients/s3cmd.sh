# s3cmd at its defaults: put, parts, get, sync, copy, move, metadata, signed URLs, deletion.
set -euo pipefail
cat > s3cfg <<END
[default]
access_key = $AWS_ACCESS_KEY_ID
secret_key = $AWS_SECRET_ACCESS_KEY
host_base = ${AWS_ENDPOINT_URL#http://}
host_bucket = ${AWS_ENDPOINT_URL#http://}
use_https = False
END
s3() { s3cmd --config s3cfg --no-progress "$@"; }
s3 mb s3://by-s3cmd
s3 put small.txt s3://by-s3cmd/small.txt
s3 put large.bin s3://by-s3cmd/large.bin --multipart-chunk-size-mb=5
s3 get s3://by-s3cmd/large.bin got.bin && cmp large.bin got.bin
s3 sync tree/ s3://by-s3cmd/tree/ && s3 sync s3://by-s3cmd/tree/ down/ && diff -r tree down
s3 ls -r s3://by-s3cmd | grep large.bin
s3 info s3://by-s3cmd && s3 info s3://by-s3cmd/small.txt
s3 cp s3://by-s3cmd/small.txt s3://by-s3cmd/copy.txt
s3 mv s3://by-s3cmd/copy.txt s3://by-s3cmd/moved.txt
s3 modify --add-header=x-amz-meta-of:s3cmd s3://by-s3cmd/moved.txt
s3 multipart s3://by-s3cmd
curl -sSf "$(s3 signurl s3://by-s3cmd/small.txt +100)" | cmp - small.txt
s3 del -r --force s3://by-s3cmd
s3 rb s3://by-s3cmd
