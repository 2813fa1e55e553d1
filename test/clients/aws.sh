# aws-cli at its defaults: small, large by parts, sync, copy, presigned, tags, versions, deletion.
set -euo pipefail
aws s3 mb s3://by-aws
aws s3 cp small.txt s3://by-aws/small.txt
aws s3 cp large.bin s3://by-aws/large.bin
aws s3 cp s3://by-aws/large.bin got.bin && cmp large.bin got.bin
aws s3 sync tree s3://by-aws/tree && aws s3 sync s3://by-aws/tree down && diff -r tree down
test -z "$(aws s3 sync tree s3://by-aws/tree)"
aws s3 cp s3://by-aws/large.bin s3://by-aws/copy.bin
aws s3 mv s3://by-aws/copy.bin s3://by-aws/moved.bin
aws s3 cp s3://by-aws/moved.bin - | cmp - large.bin
test "$(aws s3 ls --recursive s3://by-aws | wc -l)" = "$((3 + $(find tree -type f | wc -l)))"
curl -sSf "$(aws s3 presign s3://by-aws/small.txt)" | cmp - small.txt
aws s3api put-object-tagging --bucket by-aws --key small.txt --tagging 'TagSet=[{Key=a,Value=b}]'
aws s3api get-object-tagging --bucket by-aws --key small.txt --query TagSet --output text | grep -w b
aws s3api put-bucket-versioning --bucket by-aws --versioning-configuration Status=Enabled
aws s3 cp large.bin s3://by-aws/small.txt
aws s3api list-object-versions --bucket by-aws --prefix small.txt \
  --query 'length(Versions)' | grep -w 2
aws s3api put-bucket-versioning --bucket by-aws --versioning-configuration Status=Suspended
aws s3 mb s3://by-aws-2 && aws s3 cp small.txt s3://by-aws-2/a/b
if aws s3 rb s3://by-aws-2; then exit 1; fi
aws s3 rm --recursive s3://by-aws-2 && aws s3 rb s3://by-aws-2
