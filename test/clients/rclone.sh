# rclone at its defaults: copy, check, sync, large by parts, server-side copy, links, purge.
set -euo pipefail
export RCLONE_CONFIG_STORE_TYPE=s3 RCLONE_CONFIG_STORE_PROVIDER=Other
export RCLONE_CONFIG_STORE_ENV_AUTH=true RCLONE_CONFIG_STORE_ENDPOINT="$AWS_ENDPOINT_URL"
rclone mkdir store:by-rclone
rclone copy tree store:by-rclone/tree && rclone check tree store:by-rclone/tree
rclone copy large.bin store:by-rclone --s3-upload-cutoff 6M
rclone cat store:by-rclone/large.bin | cmp - large.bin
rclone sync store:by-rclone/tree down && diff -r tree down
rm "$(find down -type f | head -n 1)" && rclone sync down store:by-rclone/tree
rclone check down store:by-rclone/tree
rclone copyto store:by-rclone/large.bin store:by-rclone/copy.bin
rclone moveto store:by-rclone/copy.bin store:by-rclone/moved.bin
rclone cat store:by-rclone/moved.bin | cmp - large.bin
echo piped | rclone rcat store:by-rclone/piped && test "$(rclone cat store:by-rclone/piped)" = piped
curl -sSf "$(rclone link store:by-rclone/large.bin)" | cmp - large.bin
rclone lsf -R store:by-rclone | grep moved.bin
rclone purge store:by-rclone
test -z "$(rclone lsd store: | grep by-rclone)"
