# s3fs: mounted, written, renamed, read and removed as files.
set -euo pipefail
aws_url="$AWS_ENDPOINT_URL/by-s3fs"
curl -sSf --aws-sigv4 "aws:amz:us-east-1:s3" -u "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \
  -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' -X PUT "$aws_url"
(umask 077 && echo "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" > pair)
mkdir mounted
s3fs by-s3fs mounted -f -o passwd_file=pair -o url="$AWS_ENDPOINT_URL" \
  -o use_path_request_style &
mount=$!
trap 'umount mounted 2> /dev/null || kill $mount' EXIT
until mountpoint -q mounted; do kill -0 $mount && sleep 0.05; done
cp large.bin mounted/ && cmp large.bin mounted/large.bin
cp -r tree mounted/tree && diff -r tree mounted/tree
mv mounted/tree mounted/other && diff -r tree mounted/other
echo more >> mounted/large.bin && test "$(tail -n 1 mounted/large.bin | tail -c 5)" = more
chmod 600 mounted/large.bin && test "$(stat -c %a mounted/large.bin)" = 600
rm -r mounted/other && test "$(ls mounted)" = large.bin
umount mounted && trap - EXIT
wait $mount
